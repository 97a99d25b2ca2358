using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Seedance.Onnx.Media;
using Seedance.Onnx.Server.Jobs;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Server;

/// <summary>A server on a free port of the loopback address, with the tiny pack and a data folder of its own; the test is skipped where there is no FFmpeg.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    /// <summary>A request that takes as long as the tiny pack can take: half a second or more. Where a test needs one that runs for sure, the server holds its videos.</summary>
    public static readonly object Slow = new { prompt = "a red ball", num_inference_steps = 1000, num_frames = 17, size = "96x64" };

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly TemporaryFolder? _folder;
    private readonly HeldFFmpeg? _held;
    private readonly WebApplication _app;

    private RunningServer(WebApplication app, TemporaryFolder? folder, HeldFFmpeg? held)
    {
        _app = app;
        _folder = folder;
        _held = held;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.First()), Timeout = Patience };
    }

    public HttpClient Client { get; }

    public IServiceProvider Services => _app.Services;

    public JobStore Store => Services.GetRequiredService<JobStore>();

    public JobFiles Files => Services.GetRequiredService<JobFiles>();

    /// <summary>Starts a server.</summary>
    /// <param name="configure">Changes the options.</param>
    /// <param name="folder">The data folder, which stays; one that goes with the server if not specified.</param>
    /// <param name="pack">A folder beside the tests' shared files.</param>
    /// <param name="holds">Whether no video is finished before <see cref="Release"/>: what runs then runs on, however fast or slow the machine is.</param>
    public static async Task<RunningServer> StartAsync(Action<ServerOptions>? configure = null, string? folder = null, string pack = "tiny-film-pack", bool holds = false)
    {
        FFmpegOptions ffmpeg = FindFFmpeg();
        HeldFFmpeg? held = holds ? new HeldFFmpeg(ffmpeg) : null;
        TemporaryFolder? own = folder is null ? new TemporaryFolder() : null;
        ServerOptions options = new() { Port = 0, DataFolder = folder ?? own!.Path, DrainSeconds = 5 };
        configure?.Invoke(options);
        WebApplication app = SeedanceServer.Create(options, seedance =>
        {
            seedance.Pack = RepositoryFolder.PathOf("tests", "Shared", pack);
            seedance.Pipeline.FFmpeg = held?.Options ?? ffmpeg;
        });
        await app.StartAsync();
        RunningServer server = new(app, own, held);
        await server.UntilAsync(async () => (await server.Client.GetAsync("/readyz")).IsSuccessStatusCode);
        return server;
    }

    /// <summary>Sends JSON and reads JSON, whatever the status is.</summary>
    public async Task<(int Status, JsonElement Body)> PostAsync(string path, object body, params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        foreach ((string name, string value) in headers)
        {
            request.Headers.Add(name, value);
        }

        using HttpResponseMessage response = await Client.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>());
    }

    public async Task<(int Status, JsonElement Body)> GetAsync(string path)
    {
        using HttpResponseMessage response = await Client.GetAsync(path);
        return ((int)response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>());
    }

    /// <summary>Asks for a video and gives its id.</summary>
    public async Task<string> SubmitAsync(object? body = null)
    {
        (int status, JsonElement video) = await PostAsync("/v1/videos", body ?? new { prompt = "a red ball", num_frames = 5 });
        Assert.True(status == 200, video.ToString());
        return video.GetProperty("id").GetString()!;
    }

    /// <summary>Waits until a video is in one of some states.</summary>
    public async Task<JsonElement> WaitForAsync(string id, params string[] statuses)
    {
        JsonElement video = default;
        await UntilAsync(async () =>
        {
            video = (await GetAsync($"/v1/videos/{id}")).Body;
            return statuses.Contains(video.GetProperty("status").GetString());
        });
        return video;
    }

    public async Task UntilAsync(Func<Task<bool>> isTrue)
    {
        using CancellationTokenSource late = new(Patience);
        while (!await isTrue())
        {
            await Task.Delay(50, late.Token);
        }
    }

    /// <summary>Lets videos be finished, where they were held.</summary>
    public void Release() => _held!.Release();

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        _held?.Release();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _held?.Dispose();
        _folder?.Dispose();
    }

    public static FFmpegOptions FindFFmpeg()
    {
        FFmpegOptions options = new() { Path = Environment.GetEnvironmentVariable("SEEDANCE_FFMPEG") };
        try
        {
            _ = FFmpegTool.Find(options);
            return options;
        }
        catch (ExecutionTargetException missing)
        {
            throw new SkipException(missing.Message, missing);
        }
    }
}
