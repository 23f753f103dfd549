-- A run's operations, the newest first: Recent Syncs shows them as one row that opens.
create index job_history_of_run on job_history ((data -> 'began' ->> 'run_id'), seq)
    where begins and data -> 'began' ->> 'run_id' is not null;
