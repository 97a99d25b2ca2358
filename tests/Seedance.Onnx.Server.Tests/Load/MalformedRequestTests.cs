using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Xunit.Abstractions;

namespace Seedance.Onnx.Server.Load;

/// <summary>10,000 requests that make no sense: whatever comes, the server answers with what is wrong, goes on, and does not grow.</summary>
[Collection(RunsAlone.Name)]
[Trait("Tier", "Graph")]
public sealed class MalformedRequestTests(ITestOutputHelper output)
{
    private const int Count = 10_000;
    private const int Warm = 2_000;
    private const int AtOnce = 16;
    private const int Seed = 20_261_126;
    private const long MostGrowth = 16L << 20; // bytes of the managed heap; what one kept picture or body in a hundred would exceed
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [SkippableFact]
    public async Task Requests_TenThousandMalformed_NeverFailInsideAndLeaveNothing()
    {
        await using RunningServer server = await RunningServer.StartAsync(options => (options.RequestsPerMinute, options.ConcurrentRequests, options.MaxQueued, options.DrainSeconds) = (1_000_000, 10_000, 4, 0));
        string video = await server.SubmitAsync();
        _ = await server.WaitForAsync(video, "completed");
        string task = (await server.PostAsync("/api/v3/contents/generations/tasks", new { model = "tiny", content = new[] { new { type = "text", text = "a red ball" } } })).Body.GetProperty("id").GetString()!;
        Uri address = server.Client.BaseAddress!;
        MalformedRequests requests = new(address.Authority, video, task);
        ConcurrentDictionary<(string Kind, int Status), int> answers = new();
        ConcurrentBag<string> failures = [];

        await SendAsync(0, Warm);
        (long heap, long process) before = Memory();
        await SendAsync(Warm, Count);
        (long heap, long process) after = Memory();

        foreach (IGrouping<string, KeyValuePair<(string Kind, int Status), int>> kind in answers.GroupBy(answer => answer.Key.Kind, StringComparer.Ordinal))
        {
            output.WriteLine($"{kind.Key}: {string.Join(", ", kind.OrderBy(answer => answer.Key.Status).Select(answer => $"{answer.Key.Status} × {answer.Value}"))}");
        }

        output.WriteLine($"heap {before.heap >> 10} KiB → {after.heap >> 10} KiB, process {before.process >> 20} MiB → {after.process >> 20} MiB");
        Assert.Empty(failures);
        Assert.Equal(Count, answers.Values.Sum());
        Assert.True(after.heap - before.heap < MostGrowth, $"The heap must grow by less than {MostGrowth} bytes, but grew from {before.heap} to {after.heap}.");
        Assert.Equal("completed", (await server.GetAsync($"/v1/videos/{video}")).Body.GetProperty("status").GetString());
        await server.UntilAsync(async () => (await server.PostAsync("/v1/videos", new { prompt = "a red ball" })).Status == 200);

        Task SendAsync(int from, int to) => Parallel.ForAsync(from, to, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (number, cancellationToken) =>
        {
            (string kind, byte[] bytes) = requests.Make(new Random(Seed + number));
            int status = await StatusAsync(address, bytes);
            _ = answers.AddOrUpdate((kind, status), 1, (_, count) => count + 1);
            if (status >= 500)
            {
                failures.Add($"{status} for number {number} ({kind}): {Encoding.Latin1.GetString(bytes.AsSpan(0, Math.Min(bytes.Length, 400)))}");
            }
        });
    }

    /// <summary>The status of the first answer; 0 where the server only hung up.</summary>
    private static async Task<int> StatusAsync(Uri address, byte[] bytes)
    {
        using CancellationTokenSource late = new(Patience);
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address.Host, address.Port, late.Token);
        byte[] answer = new byte[64 * 1024];
        int read = 0;
        try
        {
            _ = await socket.SendAsync(bytes, late.Token);
            socket.Shutdown(SocketShutdown.Send);
            while (read < answer.Length && await socket.ReceiveAsync(answer.AsMemory(read), late.Token) is > 0 and var more)
            {
                read += more;
            }
        }
        catch (SocketException)
        {
            // The server hung up before it had read everything, which it may; what it said before counts.
        }

        string line = Encoding.ASCII.GetString(answer.AsSpan(0, Math.Min(read, 12)));
        return line.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) && int.TryParse(line.AsSpan(9), out int status) ? status : 0;
    }

    private static (long Heap, long Process) Memory()
    {
        using Process self = Process.GetCurrentProcess();
        return (GC.GetTotalMemory(forceFullCollection: true), self.WorkingSet64);
    }
}
