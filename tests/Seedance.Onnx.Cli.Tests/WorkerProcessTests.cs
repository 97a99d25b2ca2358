using Npgsql;
using Seedance.Onnx.Testing;
using Seedance.Onnx.Testing.Services;
using Xunit.Abstractions;

namespace Seedance.Onnx.Cli;

/// <summary>Two servers and two workers as processes of their own, with PostgreSQL and RabbitMQ beside them: all of it killed under load.</summary>
[Trait("Tier", "Graph")]
public sealed class WorkerProcessTests(ITestOutputHelper output) : IAsyncLifetime, IDisposable
{
    private const int Jobs = 40;
    private const int Kills = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly TemporaryFolder _folder = new();
    private readonly List<SeedanceProcess> _processes = [];
    private ClusterServices? _services;
    private string _store = "";

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (SeedanceProcess process in _processes)
        {
            await process.DisposeAsync();
        }

        NpgsqlConnection.ClearAllPools();
        await (_services?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// Jobs come at two servers while workers, servers, RabbitMQ and PostgreSQL are killed one after the other; a worker is killed in the middle of a job at least once, and both servers at once in the end, with
    /// requests on their way.
    /// </summary>
    [SkippableFact]
    public async Task Cluster_WorkersServersBrokerAndStoreKilled_LosesNothingAndDoesNothingTwice()
    {
        SeedanceProcess.RequireFFmpeg();
        using CancellationTokenSource end = new(Patience);
        _services = new ClusterServices();
        await _services.StartAsync();
        _store = await _services.Postgres.CreateDatabaseAsync();
        int[] ports = [LocalService.FreePort(), LocalService.FreePort()];
        using RepeatingClient client = new(ports);
        SeedanceProcess[] servers = [.. ports.Select(LaunchServer)];
        Queue<SeedanceProcess> workers = new([Launch("worker"), Launch("worker")]);
        await UntilReadyAsync();
        Task<string[]> submitting = Task.WhenAll(Enumerable.Range(0, Jobs).Select(async job =>
        {
            await Task.Delay(job * 500, end.Token);
            return await client.SubmitAsync(job, end.Token);
        }));
        for (int kill = 0; kill < Kills; kill++)
        {
            await client.WaitForAsync(client.Completed.Count + 2, end.Token);
            while (await client.LookAsync() < 2)
            {
                await Task.Delay(20, end.Token);
            }

            await workers.Dequeue().KillAsync();
            workers.Enqueue(Launch("worker"));

            // A server too, the other one each time and both at last, while clients ask. It is there again when the next worker is killed.
            foreach (int server in kill == Kills - 1 ? [0, 1] : new[] { kill % ports.Length })
            {
                await servers[server].KillAsync();
                servers[server] = LaunchServer(ports[server]);
            }
        }

        await _services.Rabbit.KillAsync();
        await client.WaitForAsync(client.Completed.Count + 1, end.Token);
        await _services.Rabbit.StartAsync();
        await client.WaitForAsync(client.Completed.Count + 2, end.Token);
        await _services.Postgres.KillAsync();
        await _services.Postgres.StartAsync();
        string[] ids = await submitting;
        await client.WaitForAsync(Jobs, end.Token);
        await UntilReadyAsync();

        await client.AssertEachIsThereOnceAsync(ids);
        (long attempts, long claims) = await CountAsync();
        output.WriteLine($"{Jobs} jobs, {Kills} kills of workers, {Kills + 1} of servers: {attempts} attempts, {claims} claims");
        Assert.True(attempts > Jobs, "A worker must have been killed in the middle of a job, but was not.");
        foreach (SeedanceProcess worker in workers)
        {
            await worker.TerminateAsync(end.Token);
            Assert.Equal(0, worker.ExitCode);
        }

        async Task UntilReadyAsync()
        {
            while (!await client.AreReadyAsync(end.Token))
            {
                await Task.WhenAll(servers.Concat(workers).Select(process => process.AssertRunsAsync()));
                await Task.Delay(100, end.Token);
            }
        }
    }

    private SeedanceProcess LaunchServer(int port) => Launch("serve", "--port", $"{port}", "--lease-seconds", "3", "--max-attempts", "1000");

    private SeedanceProcess Launch(string command, params string[] more)
    {
        SeedanceProcess process = SeedanceProcess.Start([
            command, RepositoryFolder.PathOf("tests", "Shared", "tiny-film-pack"), "--data-folder", _folder.PathOf("data"), "--drain-seconds", "5",
            "--store", _store, "--broker", _services!.Rabbit.Url, .. more,
        ]);
        _processes.Add(process);
        return process;
    }

    private async Task<(long Attempts, long Claims)> CountAsync()
    {
        await using NpgsqlConnection connection = new(_store);
        await connection.OpenAsync();
        await using NpgsqlCommand sum = new("SELECT SUM(\"Attempts\")::bigint, SUM(\"Claims\")::bigint FROM \"Jobs\"", connection);
        await using NpgsqlDataReader row = await sum.ExecuteReaderAsync();
        _ = await row.ReadAsync();
        return (row.GetInt64(0), row.GetInt64(1));
    }
}
