import { PageHeader } from '../../components/page-header.tsx';

export function FeedbackPage() {
  return <PageHeader title="Feedback" />;
}
