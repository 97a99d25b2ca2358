namespace Seedance.Onnx.Server.Jobs;

/// <summary>Lets jobs expire, results go, and forgets records, once in a while; removes folders without a job, which a kill in the middle of a submission leaves; and counts.</summary>
internal sealed class JobCleaner(JobStore store, JobFiles files, JobNews news, ServerMeter meter, ServerOptions options, TimeProvider time, ILogger<JobCleaner> logger) : BackgroundService
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(5);

    // Longer than the submission that may still be on its way to the store.
    private static readonly TimeSpan OrphanAge = TimeSpan.FromMinutes(10);

    /// <summary>One round.</summary>
    public async Task CleanAsync(CancellationToken cancellationToken)
    {
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (VideoJob late in await store.FindAsync(job => job.Status == JobStatus.Queued && job.Deadline <= now, cancellationToken).ConfigureAwait(false))
        {
            if (await store.EndQueuedAsync(late, JobEnd.Expired).ConfigureAwait(false))
            {
                files.Remove(late);
                news.Tell(late);
            }
        }

        foreach (VideoJob old in await store.FindAsync(job => job.FilesUntil != null && job.FilesUntil <= now, cancellationToken).ConfigureAwait(false))
        {
            files.Remove(old);
            await store.ForgetFilesAsync(old).ConfigureAwait(false);
        }

        long forgotten = now - (options.RecordSeconds * 1000L), cancelled = now - (Math.Min(options.ResultSeconds, options.RecordSeconds) * 1000L);
        foreach (VideoJob old in await store.FindAsync(job => job.EndedAt <= forgotten || (job.Status == JobStatus.Cancelled && job.EndedAt <= cancelled), cancellationToken).ConfigureAwait(false))
        {
            _ = await store.RemoveAsync(old).ConfigureAwait(false);
            files.Remove(old);
        }

        meter.Jobs = await store.CountAsync(cancellationToken).ConfigureAwait(false);
        DateTime young = time.GetUtcNow().UtcDateTime - OrphanAge;
        foreach ((string id, _) in files.Folders().Where(folder => folder.MadeUtc < young).ToList())
        {
            if (await store.FindAsync(id, cancellationToken).ConfigureAwait(false) is null)
            {
                files.Remove(id);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await CleanAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // The next round may find the disk in a better state.
            catch (Exception error)
#pragma warning restore CA1031
            {
                ServerLog.CleaningFailed(logger, error);
            }

            await Task.Delay(Round, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
