using System.Data.Common;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>Opens the store before anything asks it: the first of the hosted services. A store on another machine that is not there yet is waited for, so that machines may start in any order.</summary>
internal sealed class StoreOpening(JobStore store, TimeProvider time, ILogger<StoreOpening> logger) : IHostedService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await store.OpenAsync(cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (DbException error) when (error.IsTransient)
            {
                ServerLog.StoreFailed(logger, error.Message);
                await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
