using System.Data.Common;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>
/// Gives jobs to other workers whose worker is gone: whose beats have stood still for so many looks. Looks are counted instead of times compared, so that neither clocks of several machines
/// nor a store that was away can take a job from a worker that lives.
/// </summary>
internal sealed class JobWatch(JobStore store, JobNews news, Readiness readiness, ServerOptions options, TimeProvider time, ILogger<JobWatch> logger) : BackgroundService
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);
    private Dictionary<long, Sight> _seen = [];

    /// <summary>Looks once.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        Dictionary<long, Sight> seen = [];
        foreach (VideoJob job in await store.FindAsync(job => job.Status == JobStatus.Running, cancellationToken).ConfigureAwait(false))
        {
            bool still = _seen.TryGetValue(job.Number, out Sight? before) && (before.Claims, before.Beats) == (job.Claims, job.Beats);
            Sight now = new(job.Claims, job.Beats, still ? before!.Looks + 1 : 0);
            if (now.Looks * BetweenLooks < TimeSpan.FromSeconds(options.LeaseSeconds))
            {
                seen[job.Number] = now;
                continue;
            }

            (int again, int failed) = await store.RecoverAsync(row => row.Number == job.Number && row.Claims == now.Claims && row.Beats == now.Beats, options.MaxAttempts).ConfigureAwait(false);
            if (again + failed > 0)
            {
                ServerLog.TakenOver(logger, job.Id, options.LeaseSeconds, again > 0 ? "another worker takes it" : "it was begun too often and has failed");
                news.Tell(job);
            }
        }

        _seen = seen;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await LookAsync(stoppingToken).ConfigureAwait(false);
                (readiness.Problem, readiness.PackIsOpen) = (null, true); // workers open it
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (DbException error)
            {
                readiness.Problem = "The store cannot be reached.";
                ServerLog.StoreFailed(logger, error.Message);
            }

            await Task.Delay(BetweenLooks, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private sealed record Sight(int Claims, long Beats, int Looks);
}
