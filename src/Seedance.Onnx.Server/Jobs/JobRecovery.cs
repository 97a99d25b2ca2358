namespace Seedance.Onnx.Server.Jobs;

/// <summary>Takes over, when the process starts, what ran when the last one ended: whoever holds the data folder alone knows that nobody else makes it.</summary>
internal sealed class JobRecovery(JobStore store, ServerOptions options, ILogger<JobRecovery> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        (int again, int failed) = await store.RecoverAsync(_ => true, options.MaxAttempts).ConfigureAwait(false);
        if (again + failed > 0)
        {
            ServerLog.Recovered(logger, again, failed);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
