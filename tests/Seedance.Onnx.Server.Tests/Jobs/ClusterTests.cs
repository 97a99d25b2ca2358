using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;
using Seedance.Onnx.Testing;
using Seedance.Onnx.Testing.Services;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>Servers and workers that share PostgreSQL, RabbitMQ and a folder, each with services of its own as in a process of its own.</summary>
[Collection(ClusterFixture.Name)]
[Trait("Tier", "Graph")]
public sealed class ClusterTests(ClusterFixture cluster) : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<IHost> _workers = [];
    private HeldFFmpeg? _held;
    private ClusterServices _services = null!;
    private string _store = null!;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (IHost worker in _workers.ToList())
        {
            await StopAsync(worker);
        }

        Npgsql.NpgsqlConnection.ClearAllPools();
    }

    public void Dispose()
    {
        _folder.Dispose();
        _held?.Dispose();
    }

    [SkippableFact]
    public async Task Job_TakenInByOneServer_IsToldStoppedAndGivenByAnother()
    {
        await BeginAsync();
        await using RunningServer one = await StartServerAsync(), other = await StartServerAsync();
        string stopped = await one.SubmitAsync();
        await other.WaitForAsync(stopped, "queued");
        await StartWorkerAsync(holds: true);

        await using Stream events = await other.Client.GetStreamAsync($"/v1/videos/{stopped}/events");
        using StreamReader lines = new(events);
        HashSet<string> told = [];
        while (!told.IsSupersetOf(["event: progress", "event: preview"]))
        {
            told.Add(await lines.ReadLineAsync() ?? throw new InvalidOperationException($"The events must tell of progress and looks, but ended: {string.Join(" ", told)}"));
        }

        Assert.InRange((await other.GetAsync($"/v1/videos/{stopped}")).Body.GetProperty("progress").GetInt32(), 1, 99);
        string next = await one.SubmitAsync();
        using HttpResponseMessage deleted = await other.Client.DeleteAsync($"/v1/videos/{stopped}");

        Assert.True(deleted.IsSuccessStatusCode);
        await one.UntilAsync(async () => await one.Store.FindAsync(next, default) is { Status: JobStatus.Running });
        _held!.Release();
        await other.WaitForAsync(next, "completed");
        Assert.Equal(await one.Client.GetByteArrayAsync($"/v1/videos/{next}/content"), await other.Client.GetByteArrayAsync($"/v1/videos/{next}/content"));
        await one.UntilAsync(() => Task.FromResult(one.Files.Folders().Select(folder => folder.Id).SequenceEqual([next])));
    }

    [SkippableFact]
    public async Task Worker_ToldToEnd_LeavesItsJobToAnother()
    {
        await BeginAsync();
        await using RunningServer server = await StartServerAsync();
        IHost first = await StartWorkerAsync(holds: true);
        string id = await server.SubmitAsync();
        await server.WaitForAsync(id, "in_progress");
        await StartWorkerAsync(holds: true);

        await StopAsync(first);

        await server.UntilAsync(async () => await server.Store.FindAsync(id, default) is { Status: JobStatus.Running, Claims: 2 });
        Assert.Equal(1, (await server.Store.FindAsync(id, default))!.Attempts);
        _held!.Release();
        await server.WaitForAsync(id, "completed");
    }

    [SkippableFact]
    public async Task Jobs_OfSeveralPriorities_AreTakenInTheirOrder()
    {
        await BeginAsync();
        await using RunningServer server = await StartServerAsync();
        List<string> ids = [];
        foreach (int priority in new[] { 1, 9, 5, 9 })
        {
            ids.Add(await server.SubmitAsync(new { prompt = "a red ball", num_frames = 5, num_inference_steps = 1, priority }));
        }

        await server.UntilAsync(async () => (await server.Store.FindUnofferedAsync(10, default)).Count == 0);
        await StartWorkerAsync();
        await server.WaitForAsync(ids[0], "completed");

        List<VideoJob> all = await server.Store.FindAsync(_ => true, default);
        Assert.Equal([ids[1], ids[3], ids[2], ids[0]], all.OrderBy(job => job.EndedAt).Select(job => job.Id));
    }

    [SkippableFact]
    public async Task Message_LostOrMeantForNobody_CostsNoJob()
    {
        await BeginAsync();
        await using RunningServer server = await StartServerAsync();
        string id = await server.SubmitAsync();
        await server.UntilAsync(async () => (await server.Store.FindUnofferedAsync(10, default)).Count == 0);
        await using IConnection connection = await new ConnectionFactory { Uri = new Uri(_services.Rabbit.Url) }.CreateConnectionAsync();
        await using IChannel channel = await connection.CreateChannelAsync();
        string queue = JobBroker.QueueOf(VideoJob.DefaultPriority);

        // Handed out again and again, as to workers that die of it.
        uint dead = await channel.MessageCountAsync(JobBroker.DeadLetters);
        while (await channel.BasicGetAsync(queue, autoAck: false) is { } got)
        {
            await channel.BasicNackAsync(got.DeliveryTag, multiple: false, requeue: true);
        }

        await server.UntilAsync(async () => await channel.MessageCountAsync(JobBroker.DeadLetters) > dead);
        await channel.BasicPublishAsync(JobBroker.Exchange, $"{VideoJob.DefaultPriority}", "nobody's"u8.ToArray());
        await StartWorkerAsync();

        await server.WaitForAsync(id, "completed");
    }

    [SkippableFact]
    public async Task Server_StartedBeforeItsStore_WaitsForIt()
    {
        await BeginAsync();
        await _services.Postgres.KillAsync();
        Task<RunningServer> starting = StartServerAsync();
        await Task.WhenAny(starting, Task.Delay(1500)); // longer than it takes to fail
        Assert.False(starting.IsCompleted);

        await _services.Postgres.StartAsync();

        await using RunningServer server = await starting;
        Assert.StartsWith("video_", await server.SubmitAsync(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Examine_StoreAndBrokerThatAreThere_TellsWhereAndNoPassword()
    {
        await BeginAsync();
        ServerOptions options = new();
        Share(options);

        string told = await SeedanceServer.ExamineAsync(options);

        Assert.Matches(@"; store seedance_\w+ on 127\.0\.0\.1:\d+, broker amqp://127\.0\.0\.1:\d+$", told);
        HostSettingsException error = await Assert.ThrowsAsync<HostSettingsException>(() => SeedanceServer.ExamineAsync(new ServerOptions { DataFolder = options.DataFolder, Store = _store, Broker = "amqp://somebody:secret@127.0.0.1:1" }));
        Assert.Contains("The broker must be reached, but is not", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    private async Task BeginAsync()
    {
        _services = await cluster.StartAsync();
        _store = await _services.Postgres.CreateDatabaseAsync();
    }

    private void Share(ServerOptions options)
    {
        (options.Store, options.Broker, options.DataFolder, options.DrainSeconds) = (_store, _services.Rabbit.Url, _folder.PathOf("data"), 0);
    }

    private Task<RunningServer> StartServerAsync() => RunningServer.StartAsync(Share, _folder.PathOf("data"));

    /// <summary>Starts a worker.</summary>
    /// <param name="holds">Whether it finishes no video before it is let.</param>
    private async Task<IHost> StartWorkerAsync(bool holds = false)
    {
        Media.FFmpegOptions ffmpeg = RunningServer.FindFFmpeg();
        _held ??= holds ? new HeldFFmpeg(ffmpeg) : null;
        ServerOptions options = new();
        Share(options);
        IHost worker = SeedanceWorker.Create(options, seedance =>
        {
            seedance.Pack = RepositoryFolder.PathOf("tests", "Shared", "tiny-film-pack");
            seedance.Pipeline.FFmpeg = _held?.Options ?? ffmpeg;
        });
        _workers.Add(worker);
        await worker.StartAsync();
        return worker;
    }

    private async Task StopAsync(IHost worker)
    {
        _workers.Remove(worker);
        await worker.StopAsync();
        await ((IAsyncDisposable)worker).DisposeAsync();
    }
}
