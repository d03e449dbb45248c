import { PageHeader } from '../../components/page-header.tsx';

export function EventPage() {
  return <PageHeader title="Event" />;
}
