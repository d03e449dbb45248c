import { Button, FileButton, Paper, Skeleton, Stack, Table, Tooltip } from '@mantine/core';
import { IconPlus, IconUpload } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { useLive } from '../../app/live.ts';
import { useCan } from '../../app/session.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { hasWords } from '../../components/has-words.ts';
import { laterDialog } from '../../components/later.tsx';
import { notifyDone } from '../../components/notify-undo.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { SearchBox } from '../../components/search-box.tsx';
import { DemoPanel, TryDemo } from './demo-panel.tsx';
import { FirstSteps } from './first-steps.tsx';
import { importDocument } from './job-document.ts';
import { JobRow } from './job-row.tsx';
import { STATUS_WORDS } from './job-status.ts';

const CreateJob = laterDialog(() => import('./create-job.tsx').then((file) => file.CreateJob));

/** From so many use cases on, they can be searched. */
const MANY = 10;

/** All AI use cases with what needs somebody's attention, and how to make one. */
export function JobsPage() {
  const client = useQueryClient();
  const jobs = useQuery({ queryKey: keys.jobs, queryFn: () => api.jobs() });
  const mayManage = useCan('integrations');
  const { create } = useSearch({ from: '/shell/jobs' });
  const [creating, setCreating] = useState(create === true);
  const [words, setWords] = useState('');
  const shown = jobs.data?.filter(({ title, status }) => hasWords([title, STATUS_WORDS[status]?.word ?? status], words));
  const navigate = useNavigate();
  const resetFile = useRef<() => void>(null);
  const bringIn = useMutation({
    mutationFn: importDocument,
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keys.jobs });
      await client.invalidateQueries({ queryKey: keys.integrations });
      notifyDone('The document is imported. A use case in it is stopped until you start it.');
    },
  });
  useLive(undefined);
  return (
    <>
      <PageHeader title="AI use cases" about="Each learns one triage flow: its alerts, its labels, its models.">
        {jobs.data && jobs.data.length > MANY && (
          <SearchBox name="Search the use cases" hint="Title or status" width={200} value={words} onChange={setWords} />
        )}
        <FileButton
          accept="application/json,.json"
          resetRef={resetFile}
          onChange={(file) => {
            if (file) bringIn.mutate(file);
            // The same file may be chosen again.
            resetFile.current?.();
          }}
        >
          {(props) => (
            <Button
              {...props}
              variant="default"
              leftSection={<IconUpload size={15} />}
              disabled={!mayManage}
              loading={bringIn.isPending}
            >
              Import
            </Button>
          )}
        </FileButton>
        <Tooltip label="Only administrators make use cases" disabled={mayManage}>
          <Button leftSection={<IconPlus size={15} />} disabled={!mayManage} onClick={() => setCreating(true)}>
            Create use case
          </Button>
        </Tooltip>
      </PageHeader>
      {bringIn.error && (
        <Stack mb="md">
          <ErrorPanel error={bringIn.error} />
        </Stack>
      )}
      <DemoPanel />
      <FirstSteps jobs={jobs.data} onCreate={() => setCreating(true)} />
      {jobs.error && <ErrorPanel error={jobs.error} retry={() => void jobs.refetch()} />}
      {jobs.isPending && <Waiting />}
      {jobs.data?.length === 0 && (
        <EmptyState title="No AI use case yet" action={mayManage && <TryDemo />}>
          A use case takes the alerts of one integration, learns how your analysts close them, and answers each new one. Follow
          the first steps above, or look around in a filled one first.
        </EmptyState>
      )}
      {jobs.data && jobs.data.length > 0 && shown?.length === 0 && (
        <EmptyState title="No use case fits the search">Its title and its status are looked through.</EmptyState>
      )}
      {shown && shown.length > 0 && (
        <Paper withBorder>
          <Table.ScrollContainer minWidth={980}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Use case</Table.Th>
                  <Table.Th>Status</Table.Th>
                  <Table.Th>Last 24 hours</Table.Th>
                  <Table.Th>Decisions in them</Table.Th>
                  <Table.Th>Waiting for feedback</Table.Th>
                  <Table.Th>Model</Table.Th>
                  <Table.Th aria-label="Actions" />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {shown.map((job) => (
                  <JobRow key={job.job_id} job={job} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </Paper>
      )}
      <CreateJob
        opened={creating}
        close={() => setCreating(false)}
        made={(job) => {
          setCreating(false);
          void navigate({ to: '/jobs/$jobId', params: { jobId: String(job.job_id) } });
        }}
      />
    </>
  );
}

function Waiting() {
  return (
    <Paper withBorder p="sm">
      <Stack gap={10}>
        {[1, 2, 3].map((line) => (
          <Skeleton key={line} height={48} />
        ))}
      </Stack>
    </Paper>
  );
}
