import { PageHeader } from '../../components/page-header.tsx';

export function DecisionPointsPage() {
  return <PageHeader title="Decision points" />;
}
