import { ActionIcon, Skeleton, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import type { AppLabel } from '@verdict/client/browser';
import { memo } from 'react';
import { AlertText } from '../../components/alert-text.tsx';
import type { Condition } from './explorer-query.ts';
import { titleOf } from './field-titles.ts';
import type { Counts } from './use-explorer.ts';

/** How often values occur: a click shows only those, the cross beside them all but those. */
export const Facets = memo(function Facets({
  counts,
  labels,
  add,
}: {
  readonly counts: Counts | undefined;
  readonly labels: readonly AppLabel[];
  readonly add: (condition: Condition) => void;
}) {
  return (
    <nav className="explorer-facets" aria-label="Values">
      {counts === undefined ? (
        <Skeleton height={300} />
      ) : (
        <Stack gap="sm">
          {counts.counted < counts.total && (
            <Text size="xs" c="dimmed" role="status">
              counted in the newest {counts.counted.toLocaleString()}
            </Text>
          )}
          {counts.facets
            .filter((facet) => facet.values.length > 0)
            .map((facet) => (
              <div key={facet.field}>
                <Text size="xs" fw={600} c="dimmed" className="path">
                  <AlertText text={titleOf(facet.field)} />
                </Text>
                {facet.values.map(({ value: key, count }) => {
                  const name = labels.find((label) => label.class_id === key)?.name ?? String(key);
                  return (
                    <span key={String(key)} className="facet-line">
                      <UnstyledButton
                        className="facet"
                        title="Only these"
                        onClick={() => add({ field: facet.field, operator: 'is', value: String(key) })}
                      >
                        <span className="facet-name">
                          <AlertText
                            text={facet.field === 'arcanna.bucket_state' ? name.replaceAll('_', ' ') : name}
                            limit={80}
                          />
                        </span>
                        <span className="facet-count">{count.toLocaleString()}</span>
                      </UnstyledButton>
                      <ActionIcon
                        size={24}
                        variant="transparent"
                        color="gray"
                        className="facet-not"
                        title="All but these"
                        aria-label={`All but ${name}`}
                        onClick={() => add({ field: facet.field, operator: 'is not', value: String(key) })}
                      >
                        <IconX size={12} />
                      </ActionIcon>
                    </span>
                  );
                })}
                {facet.more > 0 && (
                  <Text size="xs" c="dimmed">
                    {facet.more.toLocaleString()} in other values
                  </Text>
                )}
              </div>
            ))}
        </Stack>
      )}
    </nav>
  );
});
