import {
  ActionIcon,
  AppShell,
  Badge,
  Box,
  Burger,
  Group,
  Menu,
  NavLink,
  ScrollArea,
  Text,
  Tooltip,
  useMantineColorScheme,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import {
  IconAdjustments,
  IconBrain,
  IconChecklist,
  IconLayoutDashboard,
  IconListSearch,
  IconLogout,
  IconMoon,
  IconPlug,
  IconSettings,
  IconStack2,
  IconSun,
  IconUserCircle,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useLocation, useNavigate, useParams } from '@tanstack/react-router';
import { useEffect } from 'react';
import { AlertText } from '../components/alert-text.tsx';
import { api, keys } from './api.ts';
import { useSession, useSigning } from './session.ts';

/** The frame of all pages: what there is on the left, who is signed in on the right. */
export function Shell() {
  const [open, { toggle, close }] = useDisclosure(false);
  const path = useLocation({ select: (location) => location.pathname });
  useEffect(() => {
    if (path !== '') close();
  }, [path, close]);
  return (
    <AppShell header={{ height: 44 }} navbar={{ width: 208, breakpoint: 'sm', collapsed: { mobile: !open } }} padding="md">
      <AppShell.Header>
        <a href="#main" className="skip-link">
          Skip to the content
        </a>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap">
            <Burger opened={open} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Navigation" />
            <Link to="/jobs" className="brand">
              <img src="/icon.svg" alt="" width={22} height={22} />
              <Text fw={650} component="span">
                Verdict
              </Text>
            </Link>
          </Group>
          <Group gap={4} wrap="nowrap">
            <SchemeSwitch />
            <Person />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Pages">
        <Navigation />
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1}>
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}

function Navigation() {
  const { jobId } = useParams({ strict: false });
  const number = Number(jobId);
  const inJob = jobId !== undefined && Number.isInteger(number);
  const jobs = useQuery({ queryKey: keys.jobs, queryFn: () => api.jobs(), enabled: inJob });
  const job = jobs.data?.find((each) => each.job_id === number);
  const title = job?.title;
  return (
    <>
      <AppShell.Section grow component={ScrollArea}>
        <Entry to="/jobs" label="AI use cases" icon={<IconStack2 size={17} />} exact={inJob} />
        {inJob && (
          <Box ml="sm" my={4} className="nav-job">
            <Text size="xs" c="dimmed" fw={600} px="sm" py={4} truncate>
              {title === undefined ? `Use case ${jobId}` : <AlertText text={title} />}
            </Text>
            {job?.demo && (
              <Badge color="orange" variant="light" size="xs" ml="sm" mb={4}>
                demo data
              </Badge>
            )}
            <Entry to={`/jobs/${jobId}`} label="Overview" icon={<IconLayoutDashboard size={17} />} exact />
            <Entry to={`/jobs/${jobId}/events`} label="Event Explorer" icon={<IconListSearch size={17} />} />
            <Entry to={`/jobs/${jobId}/feedback`} label="Feedback" icon={<IconChecklist size={17} />} />
            <Entry to={`/jobs/${jobId}/decision-points`} label="Decision points" icon={<IconAdjustments size={17} />} />
            <Entry to={`/jobs/${jobId}/models`} label="Models" icon={<IconBrain size={17} />} />
          </Box>
        )}
        <Entry to="/integrations" label="Integrations" icon={<IconPlug size={17} />} />
      </AppShell.Section>
      <AppShell.Section>
        <Entry to="/settings/appearance" under="/settings" label="Settings" icon={<IconSettings size={17} />} />
      </AppShell.Section>
    </>
  );
}

function Entry({
  to,
  under = to,
  label,
  icon,
  exact = false,
}: {
  readonly to: string;
  readonly under?: string;
  readonly label: string;
  readonly icon: React.ReactNode;
  readonly exact?: boolean;
}) {
  const path = useLocation({ select: (location) => location.pathname.replace(/\/$/, '') });
  const active = path === under || (!exact && path.startsWith(`${under}/`));
  return (
    <NavLink
      component={Link}
      to={to}
      // It would mark each address above the page's own.
      activeOptions={{ exact: true }}
      label={label}
      leftSection={icon}
      active={active}
      aria-current={active ? 'page' : undefined}
      className="nav-entry"
    />
  );
}

function SchemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const dark = colorScheme === 'dark' || (colorScheme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
  const label = dark ? 'Light colours' : 'Dark colours';
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" aria-label={label} onClick={() => setColorScheme(dark ? 'light' : 'dark')}>
        {dark ? <IconSun size={18} /> : <IconMoon size={18} />}
      </ActionIcon>
    </Tooltip>
  );
}

function Person() {
  const session = useSession();
  const { signOut } = useSigning();
  const navigate = useNavigate();
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label="Account">
          <IconUserCircle size={20} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{session ? `${session.name}, ${session.role}` : '…'}</Menu.Label>
        <Menu.Item component={Link} to="/settings/appearance" leftSection={<IconSettings size={16} />}>
          Settings
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void signOut().then(() => navigate({ to: '/sign-in' }))}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
