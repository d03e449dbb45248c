import { PageHeader } from '../../components/page-header.tsx';

export function JobsPage() {
  return <PageHeader title="AI use cases" />;
}
