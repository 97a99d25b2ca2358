using System.Data.Common;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>Takes the jobs that the broker names, as far as the store says that they wait: a message of a job that is gone, has ended or runs elsewhere is done with as it comes.</summary>
internal sealed class BrokerLine(JobBroker broker, JobStore store, TimeProvider time, ILogger<BrokerLine> logger) : IJobLine
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async Task<VideoJob?> ClaimAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await broker.GetAsync(cancellationToken).ConfigureAwait(false) is { } delivery)
            {
                VideoJob? job = await ClaimAsync(delivery, cancellationToken).ConfigureAwait(false);
                try
                {
                    await broker.AcknowledgeAsync(delivery, CancellationToken.None).ConfigureAwait(false);
                }
                catch (BrokerException)
                {
                    // The job is ours all the same: whoever gets the message again finds it taken.
                }

                if (job is not null)
                {
                    return job;
                }
            }
        }
        catch (BrokerException)
        {
            // The broker's log line says so; the next look may find it again.
        }

        return null;
    }

    /// <summary>Keeps the message for as long as the store cannot be asked, because one that is given back is handed out again at once, and only so many times.</summary>
    private async Task<VideoJob?> ClaimAsync(JobDelivery delivery, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await store.ClaimAsync(delivery.Id, cancellationToken).ConfigureAwait(false);
            }
            catch (DbException error)
            {
                ServerLog.StoreFailed(logger, error.Message);
                await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
