using System.Net;
using System.Text.Json;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Server.Security;

/// <summary>Keys, owners, limits of keys, and who may ask a server without keys.</summary>
[Trait("Tier", "Graph")]
public sealed class KeyCheckTests
{
    [SkippableFact]
    public async Task Request_WithKeys_NeedsOneAndSeesOnlyItsOwnJobs()
    {
        using TemporaryFolder folder = new();
        string alice = SeedanceServer.AddKey(new ServerOptions { DataFolder = folder.PathOf("data") }, "alice");
        string bob = SeedanceServer.AddKey(new ServerOptions { DataFolder = folder.PathOf("data") }, "bob");
        await using RunningServer server = await RunningServer.StartAsync(folder: folder.PathOf("data"));

        (int none, JsonElement refused) = await server.GetAsync("/v1/videos");
        (int wrong, _) = await Get(server, "/v1/videos", alice + "x");
        (int ark, JsonElement refusedByArk) = await server.GetAsync("/api/v3/contents/generations/tasks");
        (int status, JsonElement video) = await server.PostAsync("/v1/videos", new { prompt = "a red ball" }, ("Authorization", $"Bearer {alice}"));
        string id = video.GetProperty("id").GetString()!;

        Assert.Equal((401, 401, 401, 200), (none, wrong, ark, status));
        Assert.Equal(("invalid_api_key", "AuthenticationError"), (refused.GetProperty("error").GetProperty("code").GetString(), refusedByArk.GetProperty("error").GetProperty("code").GetString()));
        Assert.Equal((200, 404), ((await Get(server, $"/v1/videos/{id}", alice)).Status, (await Get(server, $"/v1/videos/{id}", bob)).Status));
        Assert.Empty((await Get(server, "/v1/videos", bob)).Body.GetProperty("data").EnumerateArray());
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), ((await server.Client.GetAsync("/healthz")).StatusCode, (await server.Client.GetAsync("/metrics")).StatusCode));
        Assert.DoesNotContain(alice["sk-seedance-".Length..], await File.ReadAllTextAsync(server.Files.Keys), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Request_KeyThatIsTakenAway_IsRefusedAtOnce()
    {
        using TemporaryFolder folder = new();
        ServerOptions options = new() { DataFolder = folder.PathOf("data") };
        string alice = SeedanceServer.AddKey(options, "alice");
        _ = SeedanceServer.AddKey(options, "bob");
        await using RunningServer server = await RunningServer.StartAsync(folder: folder.PathOf("data"));
        Assert.Equal(200, (await Get(server, "/v1/videos", alice)).Status);

        JsonElement[] keys = JsonSerializer.Deserialize<JsonElement[]>(await File.ReadAllTextAsync(server.Files.Keys))!;
        await File.WriteAllTextAsync(server.Files.Keys, JsonSerializer.Serialize(keys[1..]));

        Assert.Equal(401, (await Get(server, "/v1/videos", alice)).Status);
    }

    [SkippableFact]
    public async Task Request_MoreThanTheKeysRate_Is429InTheApisWords()
    {
        await using RunningServer server = await RunningServer.StartAsync(options => options.RequestsPerMinute = 3);

        List<int> statuses = [];
        for (int i = 0; i < 6; i++)
        {
            statuses.Add((await server.GetAsync("/v1/videos")).Status);
        }

        using HttpResponseMessage limited = await server.Client.GetAsync("/api/v3/contents/generations/tasks");
        Assert.Contains(429, statuses);
        Assert.Equal((HttpStatusCode.TooManyRequests, true), (limited.StatusCode, limited.Headers.RetryAfter is not null));
        Assert.Contains("RateLimitExceeded", await limited.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("Host", "evil.example")]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Origin", "null")]
    public async Task Request_WithoutKeysFromElsewhere_IsForbidden(string header, string value)
    {
        await using RunningServer server = await RunningServer.StartAsync();
        using HttpRequestMessage request = new(HttpMethod.Get, "/v1/videos");
        request.Headers.TryAddWithoutValidation(header, value);

        using HttpResponseMessage response = await server.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [SkippableFact]
    public async Task Request_BodyTooLarge_Is413()
    {
        await using RunningServer server = await RunningServer.StartAsync(options => options.MaxBodyMib = 1);

        (int json, _) = await server.PostAsync("/v1/videos", new { prompt = new string('a', 2 << 20) });
        using MultipartFormDataContent form = new() { { new StringContent("a"), "prompt" }, { new ByteArrayContent(new byte[2 << 20]), "input_reference", "a.png" } };
        using HttpResponseMessage multipart = await server.Client.PostAsync("/v1/videos", form);

        Assert.Equal((413, HttpStatusCode.RequestEntityTooLarge), (json, multipart.StatusCode));
    }

    [SkippableFact]
    public async Task Request_PathsAndIdsOfStrangers_FindNothing()
    {
        await using RunningServer server = await RunningServer.StartAsync();

        foreach (string path in new[] { "/v1/videos/..%2f..%2fjobs.db/content", "/v1/videos/%00/content", "/results/../secret?until=1&signature=x", "/results/..%2fsecret/video.mp4?until=1&signature=x", "/v1/videos/video_" + new string('a', 4000) })
        {
            using HttpResponseMessage response = await server.Client.GetAsync(path);
            Assert.True((int)response.StatusCode is 400 or 404, $"{path}: {response.StatusCode}");
        }
    }

    private static async Task<(int Status, JsonElement Body)> Get(RunningServer server, string path, string key)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path) { Headers = { { "Authorization", $"Bearer {key}" } } };
        using HttpResponseMessage response = await server.Client.SendAsync(request);
        return ((int)response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement);
    }
}
