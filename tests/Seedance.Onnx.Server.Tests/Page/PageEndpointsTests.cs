using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Server.Page;

/// <summary>What the page is made of, and how it is served. <see cref="PageInBrowserTests"/> uses it.</summary>
[Trait("Tier", "Graph")]
public sealed partial class PageEndpointsTests
{
    private static string Folder { get; } = RepositoryFolder.PathOf("src", "Seedance.Onnx.Server", "Page", "files");

    [SkippableFact]
    public async Task Page_AnyFile_ComesWithTheStrictPolicyAndIsKeptByItsTag()
    {
        await using RunningServer server = await RunningServer.StartAsync();

        foreach (string path in Directory.EnumerateFiles(Folder).Select(file => PageEndpoints.AddressOf(Path.GetFileName(file))))
        {
            using HttpResponseMessage answer = await server.Client.GetAsync(path);
            string policy = answer.Headers.GetValues("Content-Security-Policy").Single();

            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            using HttpRequestMessage again = new(HttpMethod.Get, path) { Headers = { IfNoneMatch = { EntityTagHeaderValue.Parse(answer.Headers.ETag!.ToString()) } } };
            using HttpResponseMessage unchanged = await server.Client.SendAsync(again);
            Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
        }
    }

    [SkippableFact]
    public async Task Page_ServerWithKeys_IsOpenButItsSettingsAreNot()
    {
        await using RunningServer server = await RunningServer.StartAsync(options => SeedanceServer.AddKey(options, "alice"));

        using HttpResponseMessage page = await server.Client.GetAsync("/"), settings = await server.Client.GetAsync("/page/settings");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (page.StatusCode, settings.StatusCode));
    }

    [SkippableFact]
    public async Task Settings_TinyPack_TellWhatItTakes()
    {
        await using RunningServer server = await RunningServer.StartAsync();

        string settings = await server.Client.GetStringAsync("/page/settings");

        Assert.Equal(
            """{"model":"tiny-film","sizes":["48x32","32x32","32x48"],"fps":8,"default_frames":5,"max_frames":17,"least_frames":1,"frames_step":4,"max_shots":4,"steps":4,"guidance":1.5,"negative_prompt":"","takes_images":true,"max_image_mib":30}""",
            settings);
    }

    [Fact]
    public void Words_BothLanguages_HaveTheSameAndAllThatAreUsed()
    {
        string text = File.ReadAllText(Path.Combine(Folder, "words.js"));
        int middle = text.IndexOf("const chinese", StringComparison.Ordinal);
        string[] english = Names(text[..middle]), chinese = Names(text[middle..]);
        IEnumerable<string> used = from file in Directory.EnumerateFiles(Folder)
                                   from Match match in Use().Matches(File.ReadAllText(file))
                                   select match.Groups["name"].Value;

        Assert.Equal(english, chinese);
        Assert.Empty(used.Concat(Enum.GetNames<GenerationStage>().Select(stage => $"stage-{stage.ToLowerInvariant()}")).Except(english, StringComparer.Ordinal));

        static string[] Names(string words) => [.. Word().Matches(words).Select(match => match.Groups["name"].Value).Order(StringComparer.Ordinal)];
    }

    [Fact]
    public void Files_All_HoldNothingInlineAndNothingFromElsewhere()
    {
        string[] found = [.. from file in Directory.EnumerateFiles(Folder)
                             from Match match in Forbidden().Matches(File.ReadAllText(file))
                             select $"{Path.GetFileName(file)}: {match.Value}"];

        Assert.Empty(found);
    }

    [GeneratedRegex(@"(?<=[\s,{])'(?<name>[\w-]+)': '", RegexOptions.ExplicitCapture)]
    private static partial Regex Word();

    [GeneratedRegex(@"(data-word=""|word\('|news\(')(?<name>[\w-]+)['""]", RegexOptions.ExplicitCapture)]
    private static partial Regex Use();

    [GeneratedRegex(@"style=""|<style|\son\w+=""|<script(?! type=""module"" src=)|innerHTML|https?://(?!www\.w3\.org/2000/svg)", RegexOptions.ExplicitCapture)]
    private static partial Regex Forbidden();
}
