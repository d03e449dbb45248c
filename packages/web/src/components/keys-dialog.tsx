import { Kbd, Table } from '@mantine/core';
import { Dialog } from './dialog.tsx';

/** Which key does what on a page. */
export function KeysDialog({
  keys,
  opened,
  close,
}: {
  readonly keys: readonly (readonly [key: string, does: string])[];
  readonly opened: boolean;
  readonly close: () => void;
}) {
  return (
    <Dialog opened={opened} onClose={close} title="Keys">
      <Table>
        <Table.Tbody>
          {keys.map(([key, does]) => (
            <Table.Tr key={key}>
              <Table.Td>
                <Kbd className="one-line">{key}</Kbd>
              </Table.Td>
              <Table.Td>{does}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Dialog>
  );
}
