using Seedance.Onnx.Testing.Services;

namespace Seedance.Onnx.Server;

/// <summary>PostgreSQL and RabbitMQ for the tests that need them, started by the first and ended after the last.</summary>
[CollectionDefinition(Name)]
public sealed class ClusterFixture : IAsyncLifetime, ICollectionFixture<ClusterFixture>
{
    public const string Name = "cluster";

    private Task<ClusterServices>? _services;

    /// <summary>The services, which run; the test is skipped where they are not installed.</summary>
    internal Task<ClusterServices> StartAsync() => _services ??= BeginAsync();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_services is { IsCompletedSuccessfully: true })
        {
            await (await _services).DisposeAsync();
        }
    }

    private static async Task<ClusterServices> BeginAsync()
    {
        ClusterServices services = new();
        await services.StartAsync();
        return services;
    }
}
