import { Tabs } from '@mantine/core';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useCan } from '../../app/session.ts';
import { PageHeader } from '../../components/page-header.tsx';
import { About } from './about.tsx';
import { ApiKeys } from './api-keys.tsx';
import { Appearance } from './appearance.tsx';
import { AuditTrail } from './audit-trail.tsx';
import { Data } from './data.tsx';
import { SignInRules } from './sign-in-rules.tsx';
import { Users } from './users.tsx';

const SECTIONS = [
  { name: 'appearance', title: 'Appearance and you', needs: 'read', Section: Appearance },
  { name: 'users', title: 'Users and roles', needs: 'users', Section: Users },
  { name: 'keys', title: 'API keys', needs: 'keys', Section: ApiKeys },
  { name: 'audit', title: 'Audit trail', needs: 'audit', Section: AuditTrail },
  { name: 'data', title: 'Retention, backup, tasks', needs: 'backup', Section: Data },
  { name: 'sign-in', title: 'Sign-in', needs: 'read', Section: SignInRules },
  { name: 'about', title: 'Health and about', needs: 'read', Section: About },
] as const;

/** What concerns the service as a whole; what a person may not open is switched off. */
export function SettingsPage() {
  const { section = 'appearance' } = useParams({ strict: false });
  const navigate = useNavigate();
  const may = { read: true, users: useCan('users'), keys: useCan('keys'), audit: useCan('audit'), backup: useCan('backup') };
  const chosen = SECTIONS.find((each) => each.name === section) ?? SECTIONS[0];
  return (
    <>
      <PageHeader title="Settings" />
      <Tabs
        value={chosen.name}
        keepMounted={false}
        onChange={(to) => to !== null && void navigate({ to: '/settings/$section', params: { section: to } })}
      >
        <Tabs.List mb="md">
          {SECTIONS.map(({ name, title, needs }) => (
            <Tabs.Tab key={name} value={name} disabled={!may[needs]} title={may[needs] ? undefined : 'For administrators'}>
              {title}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {SECTIONS.map(({ name, Section, needs }) => (
          <Tabs.Panel key={name} value={name}>
            {may[needs] ? <Section /> : 'This page is for administrators.'}
          </Tabs.Panel>
        ))}
      </Tabs>
    </>
  );
}
