import { Button, Group, Stack, TextInput } from '@mantine/core';
import { IconAdjustments, IconFilter, IconFilterOff } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import type { AppEvent, AppJob } from '@verdict/client/browser';
import { useMemo, useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { useCan } from '../../app/session.ts';
import { copyText } from '../../components/copy-text.ts';
import { notifyError, notifyUndo } from '../../components/notify-undo.tsx';
import { type PathAction, RawJson } from '../../components/raw-json.tsx';
import { type Condition, conditionOf } from './explorer-query.ts';

/** The alert's own JSON, to be searched, copied, and used for filters and decision points. */
export function EventRaw({
  job,
  event,
  addCondition,
}: {
  readonly job: AppJob;
  readonly event: AppEvent;
  readonly addCondition: ((condition: Condition) => void) | undefined;
}) {
  const client = useQueryClient();
  const may = useCan('decision_points');
  const [search, setSearch] = useState('');
  const actions = useMemo((): PathAction[] => {
    const list: PathAction[] = [];
    if (addCondition) {
      list.push({
        label: 'Show only these',
        icon: <IconFilter size={12} />,
        run: (field, value) => addCondition(conditionOf(field, value, false)),
      });
      list.push({
        label: 'Show all but these',
        icon: <IconFilterOff size={12} />,
        run: (field, value) => addCondition(conditionOf(field, value, true)),
      });
    }
    if (may) {
      list.push({
        label: 'Use as decision point',
        icon: <IconAdjustments size={12} />,
        run(path) {
          if (job.decision_points.includes(path)) return;
          void api
            .changeJob(job.job_id, { decision_points: [...job.decision_points, path] })
            .then(async () => {
              await client.invalidateQueries({ queryKey: keys.job(job.job_id) });
              notifyUndo('It is a decision point now; stored events are put in buckets again.', async () => {
                await api.changeJob(job.job_id, { decision_points: job.decision_points });
                await client.invalidateQueries({ queryKey: keys.job(job.job_id) });
              });
            })
            .catch(notifyError);
        },
      });
    }
    return list;
  }, [addCondition, client, job, may]);
  return (
    <Stack gap="xs">
      <Group>
        <TextInput
          aria-label="Search in the alert"
          placeholder="Search in the alert"
          value={search}
          onChange={(e) => setSearch(e.currentTarget.value)}
          flex={1}
        />
        <Button variant="default" onClick={() => copyText(event.raw_event, 'The JSON is copied.')}>
          Copy JSON
        </Button>
      </Group>
      <RawJson text={event.raw_event} actions={actions} search={search} />
    </Stack>
  );
}
