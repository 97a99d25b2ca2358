using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Seedance.Onnx.Server.OpenAi;

/// <summary>OpenAI Videos over real HTTP, with the tiny pack.</summary>
[Trait("Tier", "Graph")]
public sealed class OpenAiEndpointsTests
{
    [SkippableFact]
    public async Task Create_Form_MakesAVideoThatCanBeDownloadedListedAndDeleted()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        using MultipartFormDataContent form = new() { { new StringContent("a red ball"), "prompt" }, { new StringContent("2"), "seconds" }, { new StringContent("7"), "seed" } };

        using HttpResponseMessage created = await server.Client.PostAsync("/v1/videos", form);
        JsonElement video = JsonDocument.Parse(await created.Content.ReadAsStringAsync()).RootElement;
        string id = video.GetProperty("id").GetString()!;
        JsonElement done = await server.WaitForAsync(id, "completed", "failed");

        Assert.Equal(HttpStatusCode.OK, created.StatusCode);
        Assert.Equal("1000", created.Headers.GetValues("openai-poll-after-ms").Single());
        Assert.StartsWith("video_", id, StringComparison.Ordinal);
        Assert.Equal(("video", "2", 7), (video.GetProperty("object").GetString(), video.GetProperty("seconds").GetString(), video.GetProperty("seed").GetInt32()));
        Assert.Equal(("completed", 100), (done.GetProperty("status").GetString(), done.GetProperty("progress").GetInt32()));
        Assert.True(done.GetProperty("expires_at").GetInt64() > done.GetProperty("completed_at").GetInt64());
        byte[] content = await server.Client.GetByteArrayAsync($"/v1/videos/{id}/content");
        Assert.Equal("ftyp"u8, content.AsSpan(4, 4));
        Assert.Equal([0x89, (byte)'P'], (await server.Client.GetByteArrayAsync($"/v1/videos/{id}/content?variant=thumbnail"))[..2]);
        Assert.Equal([0x89, (byte)'P'], (await server.Client.GetByteArrayAsync($"/v1/videos/{id}/content?variant=spritesheet"))[..2]);
        Assert.Equal(id, (await server.GetAsync("/v1/videos")).Body.GetProperty("first_id").GetString());
        using HttpResponseMessage deleted = await server.Client.DeleteAsync($"/v1/videos/{id}");
        Assert.Contains("\"deleted\":true", await deleted.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(404, (await server.GetAsync($"/v1/videos/{id}")).Status);
        Assert.Empty(server.Files.Folders());
    }

    [SkippableFact]
    public async Task Create_ImageInTheForm_IsTheFirstFrame()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        using ByteArrayContent image = new(TestImage.Png(96, 64, 0, 0, 255)) { Headers = { ContentType = new MediaTypeHeaderValue("image/png") } };
        using MultipartFormDataContent form = new() { { new StringContent("a red ball"), "prompt" }, { new StringContent("5"), "num_frames" }, { image, "input_reference", "../../etc/passwd.png" } };

        using HttpResponseMessage created = await server.Client.PostAsync("/v1/videos", form);
        string id = JsonDocument.Parse(await created.Content.ReadAsStringAsync()).RootElement.GetProperty("id").GetString()!;
        JsonElement done = await server.WaitForAsync(id, "completed", "failed");

        Assert.Equal("completed", done.GetProperty("status").GetString());
        Assert.Equal(["first.image"], Directory.EnumerateFiles(Path.GetDirectoryName(server.Files.Video((await server.Store.FindAsync(id, default))!))!, "*.image").Select(path => Path.GetFileName(path)));
    }

    [SkippableFact]
    public async Task Create_EverythingWrong_IsToldAtOnceByParameter()
    {
        await using RunningServer server = await RunningServer.StartAsync();

        (int status, JsonElement body) = await server.PostAsync("/v1/videos", new { prompt = "", size = "7x13x2", seed = -1, nonsense = 1, guidance_scale = "much" });

        JsonElement error = body.GetProperty("error");
        string message = error.GetProperty("message").GetString()!;
        Assert.Equal(400, status);
        Assert.Equal(("invalid_request_error", "prompt", "invalid_value"), (error.GetProperty("type").GetString(), error.GetProperty("param").GetString(), error.GetProperty("code").GetString()));
        Assert.All(["prompt must be", "size must be", "seed must be", "nonsense must be", "guidance_scale must be"], part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    [SkippableTheory]
    [InlineData("{\"prompt\":\"a\",\"num_frames\":4}", "num_frames")]
    [InlineData("{\"prompt\":\"a\",\"size\":\"33x32\"}", "size")]
    [InlineData("{\"prompt\":\"a\",\"size\":\"8192x8192\"}", "size")]
    [InlineData("{\"prompt\":\"a\",\"seconds\":60}", "seconds")]
    [InlineData("{\"prompt\":\"a\",\"fps\":25}", "fps")]
    [InlineData("{\"prompt\":\"a\",\"input_reference\":{\"file_id\":\"file-1\"}}", "input_reference.file_id")]
    [InlineData("{\"prompt\":\"a\",\"input_reference\":{\"image_url\":\"data:image/png;base64,AAAA\"}}", "input_reference.image_url")]
    [InlineData("{\"prompt\":\"a\",\"input_reference\":{\"image_url\":\"file:///etc/passwd\"}}", "input_reference.image_url")]
    public async Task Create_OneWrong_NamesIt(string json, string parameter)
    {
        await using RunningServer server = await RunningServer.StartAsync();

        (int status, JsonElement body) = await server.PostAsync("/v1/videos", JsonDocument.Parse(json).RootElement);

        Assert.Equal((400, parameter), (status, body.GetProperty("error").GetProperty("param").GetString()));
        Assert.StartsWith(parameter.Split('.')[0], body.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task List_Pages_FollowOneAnother()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        List<string> made = [];
        for (int i = 0; i < 5; i++)
        {
            made.Add(await server.SubmitAsync());
        }

        JsonElement first = (await server.GetAsync("/v1/videos?limit=3&order=asc")).Body;
        JsonElement second = (await server.GetAsync($"/v1/videos?limit=3&order=asc&after={first.GetProperty("last_id").GetString()}")).Body;

        string?[] ids = [.. first.GetProperty("data").EnumerateArray().Concat(second.GetProperty("data").EnumerateArray()).Select(video => video.GetProperty("id").GetString())];
        Assert.Equal(made, ids);
        Assert.Equal((true, false), (first.GetProperty("has_more").GetBoolean(), second.GetProperty("has_more").GetBoolean()));
        Assert.Equal(400, (await server.GetAsync("/v1/videos?limit=0")).Status);
        Assert.Equal(400, (await server.GetAsync("/v1/videos?after=nobody")).Status);
    }

    [SkippableFact]
    public async Task Remix_OfAVideo_KeepsAllButThePrompt()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        string id = await server.SubmitAsync(new { prompt = "a red ball", num_frames = 9, seed = 3 });
        await server.WaitForAsync(id, "completed");

        (int status, JsonElement remix) = await server.PostAsync($"/v1/videos/{id}/remix", new { prompt = "a blue ball" });

        Assert.Equal(200, status);
        Assert.Equal((id, 9, 3), (remix.GetProperty("remixed_from_video_id").GetString(), remix.GetProperty("num_frames").GetInt32(), remix.GetProperty("seed").GetInt32()));
    }

    [SkippableFact]
    public async Task Content_BeforeTheEnd_Is400AndNot409()
    {
        await using RunningServer server = await RunningServer.StartAsync(holds: true);
        string busy = await server.SubmitAsync();

        (int status, JsonElement body) = await server.GetAsync($"/v1/videos/{busy}/content");

        Assert.Equal((400, "invalid_state"), (status, body.GetProperty("error").GetProperty("code").GetString()));
    }

    [SkippableFact]
    public async Task Events_OfAJob_TellStepsAndEndWithTheVideo()
    {
        await using RunningServer server = await RunningServer.StartAsync(holds: true);
        string id = await server.SubmitAsync();
        using StreamReader reader = new(await server.Client.GetStreamAsync($"/v1/videos/{id}/events"));
        string events = "";
        while (!(events.Contains("event: preview", StringComparison.Ordinal) && events.Contains("event: progress", StringComparison.Ordinal)))
        {
            string? line = await reader.ReadLineAsync();
            Assert.True(line is not null, events);
            events += line + "\n";
        }

        server.Release();
        events += await reader.ReadToEndAsync();

        Assert.Contains("event: progress\ndata: {\"stage\":\"", events, StringComparison.Ordinal);
        Assert.Matches("event: preview\ndata: {\"look\":[1-8],\"image_url\":\"data:image/png;base64,iVBOR", events);
        Assert.Contains("\"status\":\"completed\"", events[events.LastIndexOf("event: video", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Create_SameIdempotencyKey_IsOneVideoAndAnotherRequestIsRefused()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        object same = new { prompt = "a red ball", num_frames = 5 };

        (int, JsonElement Body)[] answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => server.PostAsync("/v1/videos", same, ("Idempotency-Key", "k"))));
        (int status, JsonElement body) = await server.PostAsync("/v1/videos", new { prompt = "another" }, ("Idempotency-Key", "k"));

        Assert.Single(answers.Select(answer => answer.Body.GetProperty("id").GetString()).Distinct());
        Assert.Equal((400, "Idempotency-Key"), (status, body.GetProperty("error").GetProperty("param").GetString()));
    }

    [SkippableTheory]
    [InlineData("application/json", "{")]
    [InlineData("application/json", "[]")]
    [InlineData("application/json", "{\"prompt\":\"\\ud800\"}")]
    [InlineData("application/json", "{\"\\udfff\":1}")]
    [InlineData("application/json", "{\"prompt\":\"a\\u0000b\"}")]
    [InlineData("application/json", "{\"prompt\":\"a\",\"prompt\":\"b\"}")]
    [InlineData("application/json", "{\"prompt\":\"a\",\"seed\":1e400}")]
    [InlineData("application/json", "\u00ff\u00fe")]
    [InlineData("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\nhalf a form")]
    [InlineData("multipart/form-data", "no boundary")]
    [InlineData("text/plain", "prompt")]
    public async Task Create_BodyThatIsMalformed_Is4xxInTheEnvelope(string contentType, string body)
    {
        await using RunningServer server = await RunningServer.StartAsync();
        using ByteArrayContent content = new(System.Text.Encoding.Latin1.GetBytes(body)) { Headers = { ContentType = MediaTypeHeaderValue.Parse(contentType) } };

        using HttpResponseMessage response = await server.Client.PostAsync("/v1/videos", content);

        Assert.InRange((int)response.StatusCode, 400, 415);
        Assert.Equal(JsonValueKind.String, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("error").GetProperty("message").ValueKind);
    }
}
