import { ActionIcon, Badge, Button, Checkbox, Group, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import { IconBookmark, IconStar, IconStarFilled, IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { AppView } from '@verdict/client/browser';
import { useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { AlertText } from '../../components/alert-text.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { notifyDone, notifyError, notifyUndo } from '../../components/notify-undo.tsx';
import { PanelButton } from '../../components/panel-button.tsx';

/** The saved views of a use case; undefined while they are loaded. */
export function useViews(jobId: number) {
  return useQuery({
    queryKey: keys.of(jobId, 'views'),
    queryFn: () => api.views(jobId),
    staleTime: 60_000,
    meta: { live: false },
  });
}

/** What was searched and shown, kept under names on the service: one's own and what others share. */
export function ViewsMenu({
  jobId,
  current,
  apply,
}: {
  readonly jobId: number;
  /** The search of the page as it is now. */
  readonly current: string;
  readonly apply: (search: string) => void;
}) {
  const client = useQueryClient();
  const views = useViews(jobId);
  const [saving, setSaving] = useState(false);
  const refresh = () => client.invalidateQueries({ queryKey: keys.of(jobId, 'views') });
  const all = views.data?.views ?? [];
  const shown = all.find((view) => view.search === current);
  const act = useMutation({ mutationFn: (work: () => Promise<unknown>) => work(), onSuccess: refresh, onError: notifyError });
  const remove = (view: AppView) =>
    act.mutate(async () => {
      await api.deleteView(jobId, view.view_id);
      notifyUndo(`The view ${view.title} is deleted.`, async () => {
        await api.createView(jobId, { title: view.title, shared: view.shared, search: view.search });
        await refresh();
      });
    });
  return (
    <>
      <PanelButton
        name="Views"
        width={320}
        button={{ leftSection: <IconBookmark size={15} />, maw: 180 }}
        face={
          <Text size="xs" fw={600} truncate>
            {shown ? <AlertText text={shown.title} limit={40} /> : 'Views'}
          </Text>
        }
      >
        {(closePanel) => (
          <>
            {all.length === 0 && (
              <Text size="xs" c="dimmed" p={4}>
                Keep filters, columns and order under a name.
              </Text>
            )}
            {all.map((view) => {
              const first = view.view_id === views.data?.default_view_id;
              return (
                <Group key={view.view_id} gap={2} wrap="nowrap">
                  <Button
                    variant="subtle"
                    color="gray"
                    fullWidth
                    justify="space-between"
                    fw={view === shown ? 700 : 400}
                    onClick={() => {
                      closePanel();
                      apply(view.search);
                    }}
                    rightSection={
                      view.shared ? (
                        <Badge size="xs" variant="default">
                          {view.mine ? 'shared' : `by ${view.by}`}
                        </Badge>
                      ) : null
                    }
                  >
                    <AlertText text={view.title} limit={60} />
                  </Button>
                  <Tooltip label={first ? 'The page opens with it' : 'Open the page with it'}>
                    <ActionIcon
                      variant="subtle"
                      color="gray"
                      aria-pressed={first}
                      aria-label={`Open the page with ${view.title}`}
                      onClick={() => act.mutate(() => api.setDefaultView(jobId, { view_id: first ? null : view.view_id }))}
                    >
                      {first ? <IconStarFilled size={14} /> : <IconStar size={14} />}
                    </ActionIcon>
                  </Tooltip>
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    disabled={!view.mine}
                    aria-label={`Delete the view ${view.title}`}
                    onClick={() => remove(view)}
                  >
                    <IconTrash size={14} />
                  </ActionIcon>
                </Group>
              );
            })}
            <Button
              variant="light"
              fullWidth
              mt={6}
              onClick={() => {
                closePanel();
                setSaving(true);
              }}
            >
              Save what is shown…
            </Button>
          </>
        )}
      </PanelButton>
      <Dialog opened={saving} onClose={() => setSaving(false)} title="Save what is shown">
        {saving && (
          <SaveView
            jobId={jobId}
            search={current}
            own={all.filter((view) => view.mine)}
            done={async (title) => {
              setSaving(false);
              await refresh();
              notifyDone(`Saved as ${title}.`);
            }}
          />
        )}
      </Dialog>
    </>
  );
}

function SaveView({
  jobId,
  search,
  own,
  done,
}: {
  readonly jobId: number;
  readonly search: string;
  readonly own: readonly AppView[];
  readonly done: (title: string) => Promise<void>;
}) {
  const [title, setTitle] = useState('');
  const [shared, setShared] = useState(false);
  const same = own.find((view) => view.title === title.trim());
  const save = useMutation({
    mutationFn: () =>
      same
        ? api.changeView(jobId, same.view_id, { search, shared })
        : api.createView(jobId, { title: title.trim(), shared, search }),
    onSuccess: (view) => done(view.title),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (title.trim() !== '') save.mutate();
      }}
    >
      <Stack gap="sm">
        {save.error && <ErrorPanel error={save.error} />}
        <TextInput
          label="Name"
          description="Time, filters, words, columns, order and grouping are kept."
          data-autofocus
          required
          maxLength={100}
          value={title}
          onChange={(e) => setTitle(e.currentTarget.value)}
        />
        <Checkbox label="Everybody may use it" checked={shared} onChange={(e) => setShared(e.currentTarget.checked)} />
        {same && <Text size="sm">You have a view of this name: it is overwritten.</Text>}
        <Group justify="flex-end">
          <Button type="submit" loading={save.isPending}>
            {same ? 'Overwrite' : 'Save'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
