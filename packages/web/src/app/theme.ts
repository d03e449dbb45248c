import { type CSSVariablesResolver, createTheme } from '@mantine/core';

/** Dense and calm: small sizes by default, one accent, the system's fonts (nothing is loaded from elsewhere). */
export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 7, dark: 8 },
  autoContrast: true,
  defaultRadius: 'sm',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", monospace',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  headings: { sizes: { h1: { fontSize: '1.25rem' }, h2: { fontSize: '1.0625rem' }, h3: { fontSize: '0.9375rem' } } },
  components: {
    Button: { defaultProps: { size: 'xs' } },
    TextInput: { defaultProps: { size: 'xs' } },
    PasswordInput: { defaultProps: { size: 'xs' } },
    NumberInput: { defaultProps: { size: 'xs' } },
    Select: { defaultProps: { size: 'xs' } },
    MultiSelect: { defaultProps: { size: 'xs' } },
    TagsInput: { defaultProps: { size: 'xs' } },
    Textarea: { defaultProps: { size: 'xs' } },
    Table: { defaultProps: { verticalSpacing: 6, horizontalSpacing: 'sm' } },
    Badge: { defaultProps: { tt: 'none', fw: 600 } },
    // A link among words is told from them by more than its colour.
    Anchor: { defaultProps: { underline: 'always' } },
    // Without an element inside that is no entry: what reads the page aloud would stumble over it.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    Modal: { defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } },
    Notification: { defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: true } },
  },
});

/** Grey text stays readable (4.5 : 1) on every background in both schemes. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#5c636a',
    '--mantine-color-placeholder': '#6c747c',
    '--mantine-color-error': '#c92a2a',
    '--mantine-color-teal-light-color': '#04604a',
    '--mantine-color-yellow-light-color': '#744500',
    '--mantine-color-orange-light-color': '#8a3800',
    '--mantine-color-red-light-color': '#a11212',
    '--mantine-color-gray-light-color': '#454b51',
    '--mantine-color-indigo-light-color': '#3546ad',
  },
  dark: { '--mantine-color-dimmed': '#a6adb5', '--mantine-color-placeholder': '#949ba3', '--mantine-color-anchor': '#a9b8ff' },
});
