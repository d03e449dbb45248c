import { Button, Group, Stack, TextInput } from '@mantine/core';
import type { AppIntegrationTypeList } from '@verdict/client/browser';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { ParameterFields, type ParameterValues } from './parameter-fields.tsx';

/** The title and the settings of an integration, made or changed. */
export function IntegrationForm({
  type,
  withKey = true,
  title,
  setTitle,
  values,
  setValues,
  error,
  saving,
  save,
  saveAs,
  close,
}: {
  /** Unknown where an integration is of a type that there is no more: then it has a title only. */
  readonly type: AppIntegrationTypeList[number] | undefined;
  readonly withKey?: boolean;
  readonly title: string;
  readonly setTitle: (title: string) => void;
  readonly values: ParameterValues;
  readonly setValues: (values: ParameterValues) => void;
  readonly error: Error | null;
  readonly saving: boolean;
  readonly save: () => void;
  /** What is on the button. */
  readonly saveAs: string;
  readonly close: () => void;
}) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="Title"
          required
          maxLength={200}
          data-autofocus
          value={title}
          onChange={(e) => setTitle(e.currentTarget.value)}
        />
        {type && <ParameterFields schema={type.parameters} values={values} onChange={setValues} withKey={withKey} />}
        {error && <ErrorPanel error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={saving}>
            {saveAs}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
