import { PageHeader } from '../../components/page-header.tsx';

export function ExplorerPage() {
  return <PageHeader title="Event Explorer" />;
}
