import { AppActivity, AppActivityQuery, AppJobParams } from '@verdict/contract';
import { type Route, route } from '../http/route.ts';
import { classId } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { ActivityService } from './activity-service.ts';

/** What a use case does, for people who look at it. */
export function activityRoutesApp(deps: { readonly jobs: JobService; readonly activity: ActivityService }): Route[] {
  const { jobs, activity } = deps;
  return [
    route({
      method: 'GET',
      path: '/api/app/jobs/{job_id}/activity',
      id: 'appGetActivity',
      summary: 'Show what came in, what was decided and what waits, over time',
      description:
        "By the alerts' own times. Steps are hours for a day, six hours for a week, days for three months, else weeks.",
      tag: 'app: AI use cases',
      right: { scope: 'read:resources', role: 'analyst' },
      params: AppJobParams,
      query: AppActivityQuery,
      response: AppActivity,
      async handler({ principal, params, query }): Promise<AppActivity> {
        const job = await jobs.get(principal, params.job_id);
        const course = await activity.course(job.id, query.days ?? 30, (query.offset_minutes ?? 0) * 60);
        const { events } = await jobs.counters(job.id);
        return {
          times: [...course.times],
          events: [...course.events],
          labels: job.labels
            .filter(({ classNo, retired }) => !retired || course.byClass.has(classNo))
            .map(({ classNo, name, hexColor }) => ({
              class_id: classId(classNo),
              name,
              hex_color: hexColor,
              events: [...(course.byClass.get(classNo) ?? course.times.map(() => 0))],
            })),
          confidence: [...course.confidence],
          attention: course.attention,
          standings: await activity.standings(job, events),
        };
      },
    }),
  ];
}
