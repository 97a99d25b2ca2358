namespace Seedance.Onnx.Server.Jobs;

/// <summary>Opens the store before anything asks it: the first of the hosted services.</summary>
internal sealed class StoreOpening(JobStore store) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => store.OpenAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
