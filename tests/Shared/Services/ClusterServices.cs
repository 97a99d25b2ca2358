namespace Seedance.Onnx.Testing.Services;

/// <summary>What machines that work together share: PostgreSQL and RabbitMQ.</summary>
internal sealed class ClusterServices : IAsyncDisposable
{
    /// <summary>Makes both; the test is skipped where one is missing.</summary>
    public ClusterServices()
    {
        Postgres = new PostgresService();
        try
        {
            Rabbit = new RabbitService();
        }
        catch (SkipException)
        {
            _ = Postgres.DisposeAsync().AsTask();
            throw;
        }
    }

    public PostgresService Postgres { get; }

    public RabbitService Rabbit { get; }

    public Task StartAsync() => Task.WhenAll(Postgres.StartAsync(), Rabbit.StartAsync());

    public async ValueTask DisposeAsync()
    {
        await Postgres.DisposeAsync();
        await Rabbit.DisposeAsync();
    }
}
