using System.Diagnostics;
using Xunit.Abstractions;

namespace Seedance.Onnx.Server;

/// <summary>Many clients at once: each is answered, and what was taken is there. Times are told, not asserted.</summary>
[Trait("Tier", "Graph")]
public sealed class LoadTests(ITestOutputHelper output)
{
    private const int Clients = 50;
    private const int Each = 10;

    [SkippableFact]
    public async Task Submit_500From50Clients_AreAllTakenOrSentAwayWith429()
    {
        const int Room = 300;
        await using RunningServer server = await RunningServer.StartAsync(options => (options.MaxQueued, options.DrainSeconds) = (Room, 0));
        double[] idle = [.. (await SubmitAsync(server, count: 40)).Select(answer => answer.Milliseconds).Order()];

        List<(int Status, double Milliseconds)>[] answers = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => SubmitAsync(server, Each)));

        (int Status, double Milliseconds)[] all = [.. answers.SelectMany(client => client)];
        double[] taken = [.. all.Where(answer => answer.Status == 200).Select(answer => answer.Milliseconds).Order()];
        output.WriteLine($"idle median {idle[idle.Length / 2]:0.0} ms; of {all.Length}: {taken.Length} taken, median {taken[taken.Length / 2]:0.0} ms, p99 {taken[taken.Length * 99 / 100]:0.0} ms");
        Assert.All(all, answer => Assert.True(answer.Status is 200 or 429, $"{answer.Status}"));
        Assert.InRange(taken.Length, Room - idle.Length, all.Length);
        Assert.Equal(idle.Length + taken.Length, (await server.Store.CountAsync(default)).Values.Sum());
    }

    private static async Task<List<(int Status, double Milliseconds)>> SubmitAsync(RunningServer server, int count)
    {
        List<(int, double)> answers = [];
        for (int i = 0; i < count; i++)
        {
            long began = Stopwatch.GetTimestamp();
            (int status, _) = await server.PostAsync("/v1/videos", new { prompt = "a red ball", num_frames = 1 });
            answers.Add((status, Stopwatch.GetElapsedTime(began).TotalMilliseconds));
        }

        return answers;
    }
}
