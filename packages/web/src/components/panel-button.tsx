import { Button, type ButtonProps, Popover } from '@mantine/core';
import { type ReactNode, useState } from 'react';

/** A button that opens a panel below itself: a dialog of that name, which takes the focus and gives it back. */
export function PanelButton({
  name,
  width,
  button,
  face = name,
  children,
}: {
  readonly name: string;
  /** Of the panel, in pixels. */
  readonly width: number;
  readonly button: Pick<ButtonProps, 'leftSection' | 'maw'>;
  /** What the button shows where that is not its name. */
  readonly face?: ReactNode;
  /** What is in the panel; it is given what closes it. */
  readonly children: (close: () => void) => ReactNode;
}) {
  const [opened, setOpened] = useState(false);
  return (
    <Popover
      opened={opened}
      onChange={setOpened}
      width={width}
      position="bottom-end"
      withinPortal
      trapFocus
      returnFocus
      withRoles={false}
    >
      <Popover.Target>
        <Button variant="default" {...button} aria-expanded={opened} onClick={() => setOpened(!opened)}>
          {face}
        </Button>
      </Popover.Target>
      <Popover.Dropdown role="dialog" aria-label={name} tabIndex={-1} p="xs">
        {children(() => setOpened(false))}
      </Popover.Dropdown>
    </Popover>
  );
}
