using System.Data.Common;
using Seedance.Onnx.Hosting;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>Takes jobs one after the other and makes them, until the server is told to end; what runs then may go on for a while.</summary>
internal sealed class JobWorker(
    IJobLine line, JobStore store, JobFiles files, VideoMaker maker, VideoPipelineSource pipelines, ProgressBoard board, JobSignal signal, Readiness readiness, JobNews news, ServerMeter meter, ServerOptions options,
    TimeProvider time, ILogger<JobWorker> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            _ = await pipelines.GetAsync(stoppingToken).ConfigureAwait(false);
            readiness.PackIsOpen = true;
        }
        catch (SeedanceException error)
        {
            readiness.Problem = error.Message;
            ServerLog.PackFailed(logger, error);
            return;
        }

        // The service's own token comes only after Kestrel has waited for its clients.
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, readiness.Ending);
        using CancellationTokenSource drained = new();
        using CancellationTokenRegistration drain = ending.Token.Register(() => drained.CancelAfter(TimeSpan.FromSeconds(options.DrainSeconds)));
        await Task.WhenAll(Enumerable.Range(0, options.Workers).Select(_ => WorkAsync(drained.Token, ending.Token))).ConfigureAwait(false);
    }

    private async Task WorkAsync(CancellationToken drained, CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await line.ClaimAsync(stoppingToken).ConfigureAwait(false) is { } job)
                {
                    await RunAsync(job, drained).ConfigureAwait(false);
                }
                else
                {
                    await signal.WaitAsync(stoppingToken).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // A store that fails for a moment must not end the worker.
            catch (Exception error)
#pragma warning restore CA1031
            {
                ServerLog.WorkerFailed(logger, error);
                await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task RunAsync(VideoJob job, CancellationToken drained)
    {
        long began = time.GetTimestamp();
        CancellationToken stopped = board.Begin(job.Id);
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        TimeSpan left = TimeSpan.FromMilliseconds(Math.Clamp(job.Deadline - now, 0, options.JobSeconds * 1000L));
        using CancellationTokenSource late = new(left, time);
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(stopped, late.Token, drained);
        using CancellationTokenSource ended = new();
        Task beats = BeatAsync(job, ended.Token);
        news.Tell(job);
        try
        {
            JobEnd? end = await MakeAsync(job, stopped, late.Token, any.Token).ConfigureAwait(false);
            if (end is null)
            {
                _ = await KeepTryingAsync(() => store.PutBackAsync(job), drained).ConfigureAwait(false);
                return;
            }

            long? filesUntil = end.Status == JobStatus.Succeeded ? time.GetUtcNow().AddSeconds(options.ResultSeconds).ToUnixTimeMilliseconds() : null;
            bool counted = await KeepTryingAsync(() => store.EndAsync(job, end, filesUntil), drained).ConfigureAwait(false);
            if (counted ? filesUntil is null : await store.FindAsync(job.Id, CancellationToken.None).ConfigureAwait(false) is null)
            {
                files.Remove(job); // but not where another worker makes it now
            }

            ServerLog.Ended(logger, job.Id, counted ? end.Status.ToString() : "NotOurs", time.GetElapsedTime(began).TotalSeconds);
            meter.Ended(counted ? end.Status : JobStatus.Cancelled, time.GetElapsedTime(began));
            news.Tell(job);
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await beats.ConfigureAwait(false);
            board.End(job.Id);
        }
    }

    /// <summary>Tells the store that the job is alive and how far it is, and stops it where the store does not want to know: it was deleted, or given to another.</summary>
    private async Task BeatAsync(VideoJob job, CancellationToken ended)
    {
        while (true)
        {
            await Task.Delay(options.BetweenBeats, time, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (ended.IsCancellationRequested)
            {
                return;
            }

            try
            {
                if (!await store.BeatAsync(job, board.Find(job.Id)).ConfigureAwait(false))
                {
                    board.Stop(job.Id);
                }
            }
            catch (DbException error)
            {
                ServerLog.StoreFailed(logger, error.Message);
            }
        }
    }

    /// <summary>Writes to a store that may fail for a while, because the disk is full: a job that has ended must not look as if it ran for ever.</summary>
    private async Task<bool> KeepTryingAsync(Func<Task<bool>> write, CancellationToken drained)
    {
        while (true)
        {
            try
            {
                return await write().ConfigureAwait(false);
            }
            catch (DbException error) when (!drained.IsCancellationRequested)
            {
                ServerLog.WorkerFailed(logger, error);
                await Task.Delay(Pause, time, drained).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Makes the video.</summary>
    /// <returns>How it ended; null where the server ends and the job is to go on later.</returns>
    private async Task<JobEnd?> MakeAsync(VideoJob job, CancellationToken stopped, CancellationToken late, CancellationToken any)
    {
        try
        {
            await maker.MakeAsync(job, any).ConfigureAwait(false);
            return JobEnd.Succeeded;
        }
        catch (OperationCanceledException) when (any.IsCancellationRequested)
        {
            return stopped.IsCancellationRequested ? JobEnd.Cancelled
                : !late.IsCancellationRequested ? null
                : time.GetUtcNow().ToUnixTimeMilliseconds() >= job.Deadline ? JobEnd.Expired
                : JobEnd.Failed("time_limit", $"A video must be made in {options.JobSeconds} seconds, but was not. Ask for a smaller or shorter one, or for fewer steps.");
        }
        catch (InvalidRequestException error)
        {
            ServerLog.JobFailed(logger, job.Id, error);
            return JobEnd.Failed("invalid_request", error.Message);
        }
#pragma warning disable CA1031 // Whatever goes wrong with a job ends that job, and no other.
        catch (Exception error)
#pragma warning restore CA1031
        {
            // Paths and native messages are for the log, not for clients.
            ServerLog.JobFailed(logger, job.Id, error);
            return error switch
            {
                GraphExecutionException graph => JobEnd.Failed("generation_failed", $"Graph '{graph.Role}' failed; the server's log says more."),
                MediaException or IOException => JobEnd.Failed("media_failed", "The video could not be written, or an image not be read; the server's log says more."),
                _ => JobEnd.Failed("internal_error", "The video could not be made; the server's log says why."),
            };
        }
    }
}
