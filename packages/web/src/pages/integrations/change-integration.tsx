import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { AppIntegration, AppIntegrationChange, AppIntegrationTypeList } from '@verdict/client/browser';
import { useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { notifyUndo } from '../../components/notify-undo.tsx';
import { IntegrationForm } from './integration-form.tsx';
import type { ParameterValues } from './parameter-fields.tsx';

/** Another title, other settings; its key stays. Only what was changed is sent, so that two people do not undo each other. */
export function ChangeIntegration({
  integration,
  type,
  close,
}: {
  readonly integration: AppIntegration;
  readonly type: AppIntegrationTypeList[number] | undefined;
  readonly close: () => void;
}) {
  const client = useQueryClient();
  const [title, setTitle] = useState(integration.title);
  const [values, setValues] = useState<ParameterValues>(integration.parameters);
  const [begun] = useState(integration);
  const write = async (change: AppIntegrationChange) => {
    await api.changeIntegration(begun.integration_id, change);
    await client.invalidateQueries({ queryKey: keys.integrations });
  };
  const change = changeOf(begun, title, values);
  const save = useMutation({
    mutationFn: () => write(change),
    onSuccess: () => {
      close();
      notifyUndo(`“${title.trim()}” is changed.`, () => write(backOf(begun, change)));
    },
  });
  return (
    <IntegrationForm
      type={type}
      withKey={false}
      title={title}
      setTitle={setTitle}
      values={values}
      setValues={setValues}
      error={save.error}
      saving={save.isPending}
      save={() => {
        if (Object.keys(change).length === 0) close();
        else save.mutate();
      }}
      saveAs="Save"
      close={close}
    />
  );
}

/** What differs from how it was; an empty text clears a setting. */
function changeOf(before: AppIntegration, title: string, values: ParameterValues): AppIntegrationChange {
  const names = new Set([...Object.keys(before.parameters), ...Object.keys(values)]);
  const parameters = Object.fromEntries(
    [...names]
      .filter((name) => JSON.stringify(values[name]) !== JSON.stringify(before.parameters[name]))
      .map((name) => [name, values[name] ?? '']),
  );
  return {
    ...(title.trim() === before.title ? {} : { title: title.trim() }),
    ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
  };
}

/** The same settings as they were before. */
function backOf(before: AppIntegration, { title, parameters }: AppIntegrationChange): AppIntegrationChange {
  return {
    ...(title === undefined ? {} : { title: before.title }),
    ...(parameters === undefined
      ? {}
      : { parameters: Object.fromEntries(Object.keys(parameters).map((name) => [name, before.parameters[name] ?? ''])) }),
  };
}
