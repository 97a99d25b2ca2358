using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Seedance.Onnx.Server.Jobs;
using Xunit.Abstractions;

namespace Seedance.Onnx.Server.Fuzz;

/// <summary>10,000 requests that are wrong in many ways: each gets an answer that says so, or is hung up on, at once; and the server is as it was before.</summary>
[Collection(RunsAlone.Name)]
[Trait("Tier", "Graph")]
public sealed class MalformedRequestsTests(ITestOutputHelper output)
{
    private const int Seed = 20261126;
    private const int Requests = 10_000;
    private const int WarmUp = 2_000;
    private const int Connections = 8;
    private const long MostGrowth = 16 << 20;
    private const int MostHandles = 32;

    // Far more than any answer takes, however busy the machine is.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(25);

    [SkippableFact]
    public async Task Request_TenThousandMalformed_AreAnsweredOrRefusedAndLeaveNothing()
    {
        await using RunningServer server = await RunningServer.StartAsync(options => (options.MaxQueued, options.RequestsPerMinute) = (20, 1_000_000), holds: true);
        VideoJob finished = await AddFinishedAsync(server);
        RequestFuzzer fuzzer = new(Seed, finished.Id);
        ConcurrentDictionary<string, int> statuses = new();
        ConcurrentBag<string> problems = [];
        long began = Stopwatch.GetTimestamp();

        await AskAsync(0, WarmUp);
        (long heap, int handles) before = Measure();
        await AskAsync(WarmUp, Requests);
        (long heap, int handles) after = Measure();

        output.WriteLine($"{Requests} requests in {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s: {string.Join(", ", statuses.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key} {pair.Value}"))}; "
            + $"heap {before.heap >> 10} KiB → {after.heap >> 10} KiB, handles {before.handles} → {after.handles}");
        Assert.True(problems.IsEmpty, string.Join(Environment.NewLine, problems.Take(10)));
        Assert.True(after.heap - before.heap < MostGrowth, $"{before.heap} → {after.heap} bytes");
        Assert.True(after.handles - before.handles < MostHandles, $"{before.handles} → {after.handles} handles");
        server.Release();
        string id = (await server.GetAsync("/v1/videos?limit=1")).Body.GetProperty("data")[0].GetProperty("id").GetString()!;
        Assert.Equal("completed", (await server.WaitForAsync(id, "completed", "failed")).GetProperty("status").GetString());
        List<VideoJob> jobs = await server.Store.FindAsync(_ => true, default);
        Assert.Empty(server.Files.Folders().Select(folder => folder.Id).Except(jobs.Select(job => job.Id), StringComparer.Ordinal));

        async Task AskAsync(int from, int to)
        {
            int next = from - 1;
            await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(async () =>
            {
                RawConnection? connection = null;
                for (int number; (number = Interlocked.Increment(ref next)) < to;)
                {
                    FuzzedRequest request = fuzzer.Make(number);
                    connection ??= await RawConnection.OpenAsync(server.Client.BaseAddress!);
                    using CancellationTokenSource late = new(Longest);
                    RawAnswer? answer = null;
                    try
                    {
                        answer = await connection.AskAsync(request.Bytes, ends: !request.IsFramed, late.Token);
                        _ = statuses.AddOrUpdate($"{request.Kind} {answer?.Status.ToString() ?? "closed"}", 1, (_, count) => count + 1);
                        if (FindProblem(request, answer) is { } problem)
                        {
                            problems.Add(Describe(number, request, problem));
                        }
                    }
                    catch (OperationCanceledException)
                    {
                        problems.Add(Describe(number, request, $"no answer in {Longest.TotalSeconds} s"));
                    }

                    if (!request.IsFramed || answer is null or { Closes: true })
                    {
                        connection.Dispose();
                        connection = null;
                    }
                }

                connection?.Dispose();
            })));
        }
    }

    /// <summary>Clients that say that nothing follows, in the middle of a request or after it: nobody may be waited for who has nothing more to say.</summary>
    [SkippableTheory]
    [InlineData("GET /v1/videos HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("GET /v1/videos/{id}/events HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("GET /v1/videos HTTP/1.1\r\nHost: loc")]
    [InlineData("")]
    [InlineData("POST /v1/videos HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 24\r\n\r\n{")]
    [InlineData("POST /v1/videos HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 24\r\n\r\n{")]
    [InlineData("POST /v1/videos HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"pro")]
    [InlineData("POST /v1/videos HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 14\r\n\r\n")]
    [InlineData("POST /v1/videos HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 3000000\r\n\r\n--x\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\nhal")]
    public async Task Request_OnAHalfClosedConnection_IsAnsweredOrLetGo(string text)
    {
        await using RunningServer server = await RunningServer.StartAsync(holds: true);
        string id = await server.SubmitAsync();
        using RawConnection connection = await RawConnection.OpenAsync(server.Client.BaseAddress!);
        using CancellationTokenSource late = new(Longest);

        RawAnswer? answer = await connection.AskAsync(Encoding.Latin1.GetBytes(text.Replace("{id}", id, StringComparison.Ordinal)), ends: true, late.Token);

        Assert.True(answer is null or { Status: < 500 }, $"{answer?.Status}");
        Assert.Single(await server.Store.FindAsync(_ => true, default));
    }

    private static string? FindProblem(FuzzedRequest request, RawAnswer? answer)
    {
        if (answer is null)
        {
            return request.IsFramed ? "no answer" : null;
        }

        // 505 is Kestrel's own answer to a version of HTTP that it does not speak, as RFC 9110 has it.
        if (answer.Status is >= 500 and not 505)
        {
            return $"status {answer.Status}: {Encoding.UTF8.GetString(answer.Body)}";
        }

        // What the server itself refuses has an id, and says why; Kestrel's own refusals have neither.
        return answer is { Status: >= 400 and not (412 or 416) } && answer.Headers.ContainsKey("x-request-id") && answer.Body.Length > 0 && !SaysWhy(answer.Body)
            ? $"status {answer.Status} without a message: {Encoding.UTF8.GetString(answer.Body)}" : null;
    }

    private static bool SaysWhy(byte[] body)
    {
        try
        {
            return JsonDocument.Parse(body).RootElement.GetProperty("error").GetProperty("message").GetString()!.Contains("Request id: req_", StringComparison.Ordinal);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string Describe(int number, FuzzedRequest request, string problem) =>
        $"request {number} ({request.Kind}): {problem}{Environment.NewLine}{Convert.ToHexString(request.Bytes.AsSpan(0, Math.Min(request.Bytes.Length, 64)))} {Encoding.Latin1.GetString(request.Bytes.AsSpan(0, Math.Min(request.Bytes.Length, 1500)))}";

    private static (long Heap, int Handles) Measure()
    {
        long heap = GC.GetTotalMemory(forceFullCollection: true);
        return (heap, OperatingSystem.IsLinux() ? Directory.GetFileSystemEntries("/proc/self/fd").Length : Process.GetCurrentProcess().HandleCount);
    }

    /// <summary>A video that is done, so that its content can be asked for in parts.</summary>
    private static async Task<VideoJob> AddFinishedAsync(RunningServer server)
    {
        VideoJob job = new()
        {
            Id = "video_" + new string('f', 32),
            Owner = "",
            Model = "m",
            Status = JobStatus.Succeeded,
            CreatedAt = 1,
            EndedAt = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(),
            FilesUntil = TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeMilliseconds(),
            Order = new VideoOrder { Prompt = "a red ball", Width = 48, Height = 32, Frames = 5, Fps = 8, Seed = 7 },
        };
        server.Files.Begin(job);
        await File.WriteAllBytesAsync(server.Files.Video(job), new byte[5000]);
        _ = await server.Store.AddAsync(job, 100, default);
        return job;
    }
}
