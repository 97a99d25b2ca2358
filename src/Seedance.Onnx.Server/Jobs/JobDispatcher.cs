namespace Seedance.Onnx.Server.Jobs;

/// <summary>
/// Offers the jobs of the store to the broker: those that nobody has offered yet, because they are new, were put back or were taken over, or because the broker was away; and now and then
/// those whose messages the broker has lost. Servers do it beside one another: a job that is offered twice is done once.
/// </summary>
internal sealed class JobDispatcher(JobStore store, JobBroker broker, JobSignal signal, TimeProvider time, ILogger<JobDispatcher> logger) : BackgroundService
{
    private const int Batch = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenCounts = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long counted = time.GetTimestamp();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await OfferAsync(stoppingToken).ConfigureAwait(false);
                if (time.GetElapsedTime(counted) > BetweenCounts)
                {
                    counted = time.GetTimestamp();
                    await FindLostAsync(stoppingToken).ConfigureAwait(false);
                }

                await signal.WaitAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // What cannot be offered now is offered later.
            catch (Exception error)
#pragma warning restore CA1031
            {
                if (error is not BrokerException)
                {
                    ServerLog.StoreFailed(logger, error.Message);
                }

                await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task OfferAsync(CancellationToken cancellationToken)
    {
        while (await store.FindUnofferedAsync(Batch, cancellationToken).ConfigureAwait(false) is { Count: > 0 } jobs)
        {
            await broker.PublishAsync(jobs, cancellationToken).ConfigureAwait(false);
            foreach (VideoJob job in jobs)
            {
                await store.SetOfferedAsync(job).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Where fewer messages wait than jobs, the broker was emptied or made anew: all jobs of that priority are offered again.</summary>
    private async Task FindLostAsync(CancellationToken cancellationToken)
    {
        int[] before = await CountMessagesAsync(cancellationToken).ConfigureAwait(false);
        Dictionary<int, int> waiting = await store.CountOfferedAsync(cancellationToken).ConfigureAwait(false);
        int[] after = await CountMessagesAsync(cancellationToken).ConfigureAwait(false);
        foreach ((int priority, int jobs) in waiting)
        {
            // What came or went while it was counted is in one of both.
            int messages = Math.Max(before[priority], after[priority]);
            if (messages < jobs)
            {
                ServerLog.MessagesLost(logger, priority, messages, await store.SetUnofferedAsync(priority).ConfigureAwait(false));
            }
        }
    }

    private async Task<int[]> CountMessagesAsync(CancellationToken cancellationToken)
    {
        int[] counts = new int[VideoJob.HighestPriority + 1];
        for (int priority = 0; priority < counts.Length; priority++)
        {
            counts[priority] = await broker.CountAsync(priority, cancellationToken).ConfigureAwait(false);
        }

        return counts;
    }
}
