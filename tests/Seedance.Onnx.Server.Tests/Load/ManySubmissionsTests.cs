using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Xunit.Abstractions;

namespace Seedance.Onnx.Server.Load;

/// <summary>500 submissions from 50 clients at once: each is taken and kept, or told to come again.</summary>
[Collection(RunsAlone.Name)]
[Trait("Tier", "Graph")]
public sealed class ManySubmissionsTests(ITestOutputHelper output)
{
    private const int Clients = 50;
    private const int Each = 10;
    private const int Idle = 20;

    [SkippableTheory]
    [InlineData(1000)]
    [InlineData(100)]
    public async Task Submit_FiveHundredFromFiftyClients_AreAllTakenOrToldToWait(int room)
    {
        await using RunningServer server = await RunningServer.StartAsync(options => (options.MaxQueued, options.DrainSeconds) = (room, 0));
        List<double> idle = [];
        for (int i = 0; i < Idle; i++)
        {
            idle.Add((await SubmitAsync(server.Client)).Milliseconds);
        }

        await server.UntilAsync(async () => (await server.GetAsync("/v1/videos?limit=1")).Body.GetProperty("data")[0].GetProperty("status").GetString() == "completed");
        long before = GC.GetTotalMemory(forceFullCollection: true);
        ConcurrentBag<(int Status, string? Id, double Milliseconds)> answers = [];

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            using HttpClient client = new() { BaseAddress = server.Client.BaseAddress };
            for (int i = 0; i < Each; i++)
            {
                answers.Add(await SubmitAsync(client));
            }
        }));

        long after = GC.GetTotalMemory(forceFullCollection: true);
        double[] times = [.. answers.Select(answer => answer.Milliseconds).Order()];
        double median = idle.Order().ElementAt(Idle / 2), late = times[(int)(times.Length * 0.99)];
        output.WriteLine($"room for {room}: {answers.Count(answer => answer.Status == 200)} taken, {answers.Count(answer => answer.Status == 429)} told to wait; "
            + $"idle median {median:0.0} ms, p99 {late:0.0} ms ({late / median:0.0} times); heap {before >> 10} KiB → {after >> 10} KiB");
        Assert.Equal(Clients * Each, answers.Count);
        Assert.All(answers, answer => Assert.True(answer.Status is 200 or 429, $"{answer.Status}"));
        string[] ids = [.. answers.Select(answer => answer.Id).OfType<string>()];
        Assert.Equal(ids.Length, ids.Distinct(StringComparer.Ordinal).Count());
        Assert.True(room < Clients * Each || ids.Length == Clients * Each, $"{ids.Length}");
        foreach (string id in ids)
        {
            Assert.NotNull(await server.Store.FindAsync(id, default));
        }
    }

    private static async Task<(int Status, string? Id, double Milliseconds)> SubmitAsync(HttpClient client)
    {
        long began = Stopwatch.GetTimestamp();
        using HttpResponseMessage answer = await client.PostAsJsonAsync("/v1/videos", new { prompt = "a red ball", num_frames = 5 });
        double milliseconds = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        JsonElement body = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True((int)answer.StatusCode != 429 || answer.Headers.RetryAfter is not null, "A 429 must say when to come again, but does not.");
        return ((int)answer.StatusCode, body.TryGetProperty("id", out JsonElement id) ? id.GetString() : null, milliseconds);
    }
}
