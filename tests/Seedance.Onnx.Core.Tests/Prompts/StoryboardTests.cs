using System.Text;
using Seedance.Onnx.Prompts;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Core.Tests.Prompts;

[Trait("Tier", "Unit")]
public sealed class StoryboardTests
{
    [Fact]
    public void Parse_EveryKey_IsRead()
    {
        Storyboard board = Parse("""
            { "style": "flat style",
              "shots": [ { "caption": "a red cat", "seconds": 1.5, "camera": "pan-left", "first_frame": "images/cat.png" }, { "caption": "同一只猫" } ] }
            """);

        Assert.Equal(("flat style", 2), (board.Style, board.Shots.Length));
        ShotRequest first = board.Shots[0];
        Assert.Equal(("a red cat", TimeSpan.FromSeconds(1.5), CameraMove.PanLeft), (first.Caption, first.Duration, first.Camera));
        Assert.Equal(Path.GetFullPath(Path.Combine("/films", "images", "cat.png")), first.FirstFrame!.Path);
        Assert.Equal(("同一只猫", null, null, null), (board.Shots[1].Caption, board.Shots[1].Duration, board.Shots[1].Camera, board.Shots[1].FirstFrame));
    }

    [Fact]
    public void Parse_ManyMistakes_AreToldAllAtOnceWithTheirPaths()
    {
        InvalidRequestException error = Assert.Throws<InvalidRequestException>(
            () => Parse("""{ "shots": [ { "caption": "", "seconds": 0, "camera": "shaky", "lens": 3 }, 5 ] }"""));

        Assert.Equal(
            ["$.shots[0].camera", "$.shots[0].caption", "$.shots[0].lens", "$.shots[0].seconds", "$.shots[1]"],
            error.Problems.Select(problem => problem.Split("film.json': ")[1].Split(' ')[0]).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("", "must be JSON in valid Unicode")]
    [InlineData("{ \"shots\": [] }", "$.shots must be a list of objects, at least one")]
    [InlineData("[1]", "$ must be an object")]
    [InlineData("{ \"shots\": [ { \"caption\": \"\\ud83d\" } ] }", "must be JSON in valid Unicode")]
    public void Parse_NoStoryboard_IsTold(string json, string problem)
    {
        InvalidRequestException error = Assert.Throws<InvalidRequestException>(() => Parse(json));

        Assert.Contains(problem, error.Problems[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Read_FileThatIsNotThere_IsARequestProblem()
    {
        using TemporaryFolder folder = new();

        InvalidRequestException error = Assert.Throws<InvalidRequestException>(() => Storyboard.Read(folder.PathOf("none.json")));

        Assert.Contains("must be a file that can be read, but is not", Assert.Single(error.Problems), StringComparison.Ordinal);
    }

    private static Storyboard Parse(string json) => Storyboard.Parse(Encoding.UTF8.GetBytes(json), "film.json", "/films");
}
