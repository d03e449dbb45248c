import { ActionIcon, Group, Menu, Tooltip } from '@mantine/core';
import { IconCopy, IconDots, IconDownload, IconPencil, IconPlayerPlay, IconPlayerStop, IconTrash } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { AppJob } from '@verdict/client/browser';
import { useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { useCan } from '../../app/session.ts';
import { laterDialog } from '../../components/later.tsx';
import { notifyDone, notifyError, notifyUndo } from '../../components/notify-undo.tsx';
import { download, exportJob, fileName } from './job-document.ts';
import { isRunning } from './job-status.ts';

const ChangeJob = laterDialog(() => import('./change-job.tsx').then((file) => file.ChangeJob));
const DeleteJob = laterDialog(() => import('./delete-job.tsx').then((file) => file.DeleteJob));

/** Start and stop at hand, the rest in a menu. @param deleted called when the use case is gone. */
export function JobActions({ job, deleted }: { readonly job: AppJob; readonly deleted?: () => void }) {
  const client = useQueryClient();
  const mayOperate = useCan('train');
  const mayManage = useCan('integrations');
  const [changing, setChanging] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const running = isRunning(job);
  const refresh = () => client.invalidateQueries({ queryKey: keys.jobs });
  const turn = useMutation({
    mutationFn: () => (running ? api.stopJob(job.job_id) : api.startJob(job.job_id)),
    onSuccess: async () => {
      await refresh();
      notifyUndo(running ? `“${job.title}” is stopped: its alerts are refused.` : `“${job.title}” is running.`, async () => {
        await (running ? api.startJob(job.job_id) : api.stopJob(job.job_id));
        await refresh();
      });
    },
    onError: notifyError,
  });
  const clone = useMutation({
    mutationFn: () =>
      api.createJob({
        title: `${job.title.slice(0, 190)} (copy)`,
        description: job.description,
        category: job.category,
        labels: job.labels.filter((label) => !label.retired).map(({ name, hex_color }) => ({ name, hex_color })),
        decision_points: job.decision_points,
        decision_point_types: job.decision_point_types,
        integrations: job.integrations,
        settings: job.settings,
      }),
    onSuccess: async (made) => {
      await refresh();
      notifyDone(`“${made.title}” is made, without events and feedback. It is stopped until you start it.`);
    },
    onError: notifyError,
  });
  const save = useMutation({
    mutationFn: () => exportJob(job.job_id),
    onSuccess: (text) => download(fileName(job.title), text),
    onError: notifyError,
  });
  const verb = running ? 'Stop' : 'Start';
  return (
    <Group gap={2} justify="flex-end" wrap="nowrap">
      <Tooltip label={mayOperate ? verb : 'Leads and administrators start and stop'}>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={`${verb} ${job.title}`}
          disabled={!mayOperate}
          loading={turn.isPending}
          onClick={() => turn.mutate()}
        >
          {running ? <IconPlayerStop size={16} /> : <IconPlayerPlay size={16} />}
        </ActionIcon>
      </Tooltip>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Actions for ${job.title}`}
            disabled={!mayOperate}
            loading={clone.isPending || save.isPending}
          >
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPencil size={15} />} onClick={() => setChanging(true)}>
            Change…
          </Menu.Item>
          <Menu.Item leftSection={<IconDownload size={15} />} onClick={() => save.mutate()}>
            Export as a document
          </Menu.Item>
          <Menu.Item leftSection={<IconCopy size={15} />} disabled={!mayManage} onClick={() => clone.mutate()}>
            Clone
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item
            className="danger"
            leftSection={<IconTrash size={15} />}
            disabled={!mayManage}
            onClick={() => setDeleting(true)}
          >
            Delete…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <ChangeJob jobId={job.job_id} opened={changing} close={() => setChanging(false)} />
      <DeleteJob job={job} opened={deleting} close={() => setDeleting(false)} deleted={deleted} />
    </Group>
  );
}
