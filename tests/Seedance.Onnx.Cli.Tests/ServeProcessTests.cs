using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Cli;

/// <summary>The server as a process of its own: killed, told to end, and started wrongly.</summary>
[Trait("Tier", "Graph")]
public sealed class ServeProcessTests : IDisposable
{
    private const int Jobs = 50;
    private const int Kills = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _client;
    private readonly int _port = FreePort();

    public ServeProcessTests()
    {
        _client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_port}"), Timeout = TimeSpan.FromMinutes(2) };
    }

    public void Dispose()
    {
        _client.Dispose();
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    /// <summary>50 jobs, some of them sent while the server is being killed, as a client does that repeats a request it heard nothing of.</summary>
    [SkippableFact]
    public async Task Serve_KilledTwentyTimes_LosesNothingAndDoesNothingTwice()
    {
        RequireFFmpeg();
        const int Seed = 20261126;
        Random random = new(Seed);
        using CancellationTokenSource end = new(Patience);
        Dictionary<string, JsonElement> completed = [];
        Process server = await StartAsync(end.Token);
        Task<string[]> submitting = Task.WhenAll(Enumerable.Range(0, Jobs).Select(job => SubmitAsync(job, end.Token)));
        for (int kill = 0; kill < Kills; kill++)
        {
            await Task.Delay(random.Next(50, 1500), end.Token);
            await NoteCompletedAsync(completed);
            server.Kill(); // SIGKILL
            await server.WaitForExitAsync(end.Token);
            AssertSound();
            server = await StartAsync(end.Token);
        }

        string[] ids = await submitting;
        while (completed.Count < Jobs)
        {
            end.Token.ThrowIfCancellationRequested();
            await NoteCompletedAsync(completed);
            await Task.Delay(200, end.Token);
        }

        JsonElement[] all = await ListAsync();
        byte[][] videos = await Task.WhenAll(ids.Select(id => _client.GetByteArrayAsync($"/v1/videos/{id}/content")));
        server.Kill();
        await server.WaitForExitAsync(end.Token);
        Assert.Equal(ids.Order(StringComparer.Ordinal), all.Select(video => video.GetProperty("id").GetString()!).Order(StringComparer.Ordinal));
        Assert.Equal(Jobs, ids.Distinct(StringComparer.Ordinal).Count());
        Assert.All(videos, video => Assert.Equal("ftyp"u8, video.AsSpan(4, 4)));
        AssertSound();
    }

    [SkippableFact]
    public async Task Serve_Sigterm_EndsWith0()
    {
        RequireFFmpeg();
        using CancellationTokenSource end = new(Patience);
        Process server = await StartAsync(end.Token);
        string id = await SubmitAsync(0, end.Token);

        using (Process kill = Process.Start("kill", ["-TERM", $"{server.Id}"]))
        {
            await kill.WaitForExitAsync(end.Token);
        }

        await server.WaitForExitAsync(end.Token);
        Assert.Equal(0, server.ExitCode);
        Process again = await StartAsync(end.Token);
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync($"/v1/videos/{id}", end.Token)).StatusCode);
        again.Kill();
        await again.WaitForExitAsync(end.Token);
    }

    [SkippableFact]
    public async Task Serve_SecondOnTheSameFolder_IsRefused()
    {
        RequireFFmpeg();
        using CancellationTokenSource end = new(Patience);
        Process server = await StartAsync(end.Token);

        using Process second = Launch(port: 0);
        string error = await second.StandardError.ReadToEndAsync(end.Token);
        await second.WaitForExitAsync(end.Token);
        server.Kill();
        await server.WaitForExitAsync(end.Token);

        Assert.Equal(2, second.ExitCode);
        Assert.Contains("must be a folder that only this server writes", error, StringComparison.Ordinal);
    }

    private static void RequireFFmpeg()
    {
        try
        {
            _ = Media.FFmpegTool.Find(new Media.FFmpegOptions { Path = Environment.GetEnvironmentVariable("SEEDANCE_FFMPEG") });
        }
        catch (ExecutionTargetException missing)
        {
            throw new SkipException(missing.Message, missing);
        }
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private Process Launch(int port)
    {
        ProcessStartInfo start = new("dotnet", [
            typeof(SeedanceCommand).Assembly.Location, "serve", RepositoryFolder.PathOf("tests", "Shared", "tiny-film-pack"),
            "--port", $"{port}", "--data-folder", _folder.PathOf("data"), "--max-attempts", "1000", "--drain-seconds", "5",
        ])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }

    private async Task<Process> StartAsync(CancellationToken cancellationToken)
    {
        Process server = Launch(_port);
        _ = server.StandardOutput.BaseStream.CopyToAsync(Stream.Null, cancellationToken);
        Task<string> errors = server.StandardError.ReadToEndAsync(cancellationToken);
        while (true)
        {
            if (server.HasExited)
            {
                Assert.Fail(await errors);
            }

            try
            {
                if ((await _client.GetAsync("/readyz", cancellationToken)).IsSuccessStatusCode)
                {
                    return server;
                }
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }

            await Task.Delay(50, cancellationToken);
        }
    }

    /// <summary>Asks for a video until the server has said yes, always with the same key.</summary>
    private async Task<string> SubmitAsync(int job, CancellationToken cancellationToken)
    {
        await Task.Delay(job * 200, cancellationToken);
        while (true)
        {
            try
            {
                using HttpRequestMessage request = new(HttpMethod.Post, "/v1/videos")
                {
                    Content = JsonContent.Create(new { prompt = "a red ball", num_inference_steps = 200, seed = job }),
                    Headers = { { "Idempotency-Key", $"job {job}" } },
                };
                using HttpResponseMessage response = await _client.SendAsync(request, cancellationToken);
                if (response.IsSuccessStatusCode)
                {
                    return (await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString()!;
                }

                Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            }
            catch (HttpRequestException)
            {
                // It was killed: ask again.
            }

            await Task.Delay(100, cancellationToken);
        }
    }

    /// <summary>Looks at all jobs: what was completed stays so, since the same moment, and nothing has failed.</summary>
    private async Task NoteCompletedAsync(Dictionary<string, JsonElement> completed)
    {
        foreach (JsonElement video in await ListAsync())
        {
            string id = video.GetProperty("id").GetString()!, status = video.GetProperty("status").GetString()!;
            Assert.True(status != "failed", video.ToString());
            if (completed.TryGetValue(id, out JsonElement before))
            {
                Assert.Equal(("completed", before.GetProperty("completed_at").GetInt64()), (status, video.GetProperty("completed_at").GetInt64()));
            }
            else if (status == "completed")
            {
                completed[id] = video;
            }
        }
    }

    private async Task<JsonElement[]> ListAsync() => [.. (await _client.GetFromJsonAsync<JsonElement>("/v1/videos?limit=100")).GetProperty("data").EnumerateArray()];

    private void AssertSound()
    {
        using SqliteConnection database = new($"Data Source={_folder.PathOf("data", "jobs.db")};Mode=ReadOnly;Pooling=False");
        database.Open();
        using SqliteCommand check = database.CreateCommand();
        check.CommandText = "PRAGMA integrity_check";
        Assert.Equal("ok", check.ExecuteScalar());
    }
}
