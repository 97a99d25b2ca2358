using System.Diagnostics;
using System.Runtime;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Server.Jobs;
using Xunit.Abstractions;

namespace Seedance.Onnx.Server.Load;

/// <summary>500 submissions from 50 clients at once: each is taken and kept, or told to come again, and soon.</summary>
[Collection(RunsAlone.Name)]
[Trait("Tier", "Graph")]
public sealed class ManySubmissionsTests : IDisposable
{
    private const int Clients = 50;
    private const int Each = 10;
    private const int WarmUp = 50;
    private const int Idle = 100;
    private const int Rounds = 9;
    private const long MostGrowth = 16 << 20;

    // A server that has run for a while is measured: one that has just started compiles its own code on the same processors, for some thousand requests. The compiler begins a tenth of a
    // second after the last method was new to it.
    private const int MostRoundsBefore = 60;
    private const int QuietRounds = 4;
    private static readonly TimeSpan LittleCompiling = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan UntilCompiled = TimeSpan.FromMilliseconds(300);

    // Threads of the pool that the test's host keeps for as long as it runs: on two processors the server would have none of its own.
    private const int KeptByHost = 2;

    // Of the middle round. 20 is what a quiet machine must keep; this one may have neighbours.
    private const double MostTimes = 30;

    private static readonly byte[] Body = """{"prompt":"a red ball","num_frames":5}"""u8.ToArray();

    private readonly ITestOutputHelper _output;
    private readonly (int Workers, int Ports) _least;

    public ManySubmissionsTests(ITestOutputHelper output)
    {
        _output = output;
        ThreadPool.GetMinThreads(out _least.Workers, out _least.Ports);
    }

    public void Dispose() => ThreadPool.SetMinThreads(_least.Workers, _least.Ports);

    [SkippableTheory]
    [InlineData(10_000)]
    [InlineData(100)]
    public async Task Submit_FiveHundredFromFiftyClients_AreAllTakenOrToldToWait(int room)
    {
        // Nothing is made meanwhile, so that the processors are the submissions' alone.
        await using RunningServer server = await RunningServer.StartAsync(options => (options.MaxQueued, options.RequestsPerMinute) = (WarmUp + Idle + room, 1_000_000), holds: true);
        ThreadPool.GetMinThreads(out int workers, out _);
        _ = ThreadPool.SetMinThreads(workers + KeptByHost, _least.Ports);
        string first = await server.SubmitAsync();
        await server.WaitForAsync(first, "in_progress");
        _ = await SubmitOneByOneAsync(server, WarmUp);
        for (int round = 0, quiet = 0; room >= Clients * Each && round < MostRoundsBefore && quiet < QuietRounds; round++)
        {
            TimeSpan compiled = JitInfo.GetCompilationTime();
            _ = await SubmitTogetherAsync(server);
            await Task.Delay(UntilCompiled);
            await ForgetQueuedAsync(server);
            quiet = JitInfo.GetCompilationTime() - compiled < LittleCompiling ? quiet + 1 : 0;
            _output.WriteLine($"before: round {round}, {(JitInfo.GetCompilationTime() - compiled).TotalMilliseconds:0} ms of compiling");
        }

        long before = GC.GetTotalMemory(forceFullCollection: true);
        List<double> ratios = [];
        List<string> ids = [];
        for (int round = 0; round < (room < Clients * Each ? 1 : Rounds); round++)
        {
            double median = (await SubmitOneByOneAsync(server, Idle)).Order().ElementAt(Idle / 2);
            (int Status, string? Id, double Milliseconds)[] answers = await SubmitTogetherAsync(server);
            double late = answers.Select(answer => answer.Milliseconds).Order().ElementAt((int)(answers.Length * 0.99));
            ratios.Add(late / median);
            ids.AddRange(answers.Select(answer => answer.Id).OfType<string>());
            _output.WriteLine($"room for {room}: {answers.Count(answer => answer.Status == 200)} taken, {answers.Count(answer => answer.Status == 429)} told to wait; idle median {median:0.0} ms, p99 {late:0.0} ms ({late / median:0} times)");
            Assert.Equal(Clients * Each, answers.Length);
            Assert.All(answers, answer => Assert.True(answer.Status is 200 or 429, $"{answer.Status}"));
        }

        long after = GC.GetTotalMemory(forceFullCollection: true);
        _output.WriteLine($"heap {before >> 10} KiB → {after >> 10} KiB");
        Assert.True(after - before < MostGrowth, $"{before} → {after} bytes");
        Assert.Equal(room < Clients * Each ? room : Clients * Each * Rounds, ids.Count);
        Assert.Equal(ids.Count, ids.Distinct(StringComparer.Ordinal).Count());
        Assert.Empty(ids.Except((await server.Store.FindAsync(_ => true, default)).Select(job => job.Id), StringComparer.Ordinal));
        double middle = ratios.Order().ElementAt(ratios.Count / 2);
        Assert.True(room < Clients * Each || middle <= MostTimes, $"{middle:0} times");
    }

    private static async Task ForgetQueuedAsync(RunningServer server)
    {
        await using JobDatabase database = await server.Services.GetRequiredService<IDbContextFactory<JobDatabase>>().CreateDbContextAsync();
        _ = await database.Jobs.Where(job => job.Status == JobStatus.Queued).ExecuteDeleteAsync();
    }

    // Each client has a thread of its own and waits there, as one on another machine would: it takes no thread of the server's pool.
    private static Task<List<double>> SubmitOneByOneAsync(RunningServer server, int count) => OwnThread.RunAsync<List<double>>(() =>
    {
        using HttpClient client = new() { BaseAddress = server.Client.BaseAddress };
        return [.. Enumerable.Range(0, count).Select(_ => Submit(client).Milliseconds)];
    });

    private static async Task<(int Status, string? Id, double Milliseconds)[]> SubmitTogetherAsync(RunningServer server)
    {
        (int, string?, double)[][] answers = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => OwnThread.RunAsync<(int, string?, double)[]>(() =>
        {
            using HttpClient client = new() { BaseAddress = server.Client.BaseAddress };
            return [.. Enumerable.Range(0, Each).Select(_ => Submit(client))];
        })));
        return [.. answers.SelectMany(own => own)];
    }

    private static (int Status, string? Id, double Milliseconds) Submit(HttpClient client)
    {
        long began = Stopwatch.GetTimestamp();
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/videos") { Content = new ByteArrayContent(Body) { Headers = { ContentType = new("application/json") } } };
        using HttpResponseMessage answer = client.Send(request);
        double milliseconds = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        using JsonDocument body = JsonDocument.Parse(answer.Content.ReadAsStream());
        Assert.True((int)answer.StatusCode != 429 || answer.Headers.RetryAfter is not null, "A 429 must say when to come again, but does not.");
        return ((int)answer.StatusCode, body.RootElement.TryGetProperty("id", out JsonElement id) ? id.GetString() : null, milliseconds);
    }
}
