import { Kbd, Modal, Table } from '@mantine/core';

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
    <Modal opened={opened} onClose={close} title="Keys">
      <Table>
        <Table.Tbody>
          {keys.map(([key, does]) => (
            <Table.Tr key={key}>
              <Table.Td>
                <Kbd>{key}</Kbd>
              </Table.Td>
              <Table.Td>{does}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
