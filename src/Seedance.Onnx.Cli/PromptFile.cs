using System.Text;
using Seedance.Onnx.Prompts;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Cli;

/// <summary>What many videos show: a text file with a prompt, or the JSON of a storyboard, on each line. Empty lines count nothing.</summary>
internal static class PromptFile
{
    private const int MaxVideos = 100_000;

    /// <summary>One request for each line.</summary>
    /// <param name="path">The full path of the file.</param>
    /// <param name="start">What each of them starts from.</param>
    /// <exception cref="InvalidRequestException">The file cannot be read, says nothing or too much, or a storyboard in it is malformed; every problem is named with its line.</exception>
    public static IReadOnlyList<VideoRequest> Read(string path, VideoRequest start)
    {
        string name = Path.GetFileName(path), folder = Path.GetDirectoryName(path)!;
        List<VideoRequest> requests = [];
        List<string> problems = [];
        foreach ((int index, string line) in Lines(path).Index())
        {
            string text = line.Trim();
            try
            {
                if (text.StartsWith('{'))
                {
                    requests.Add(RequestOptions.Tell(start, Storyboard.Parse(Encoding.UTF8.GetBytes(text), $"{name}, line {index + 1}", folder), null));
                }
                else if (text.Length > 0)
                {
                    requests.Add(start with { Prompt = text, Shots = [] });
                }
            }
            catch (InvalidRequestException e)
            {
                problems.AddRange(e.Problems);
            }
        }

        if (requests.Count is 0 or > MaxVideos && problems.Count == 0)
        {
            problems.Add($"--prompts must have 1 to {MaxVideos} lines that are not empty, but '{name}' has {requests.Count}. Use another file.");
        }

        return problems.Count == 0 ? requests : throw new InvalidRequestException(problems);
    }

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidRequestException([$"--prompts must be a file that can be read, but '{path}' is not: {e.Message} Check the path."]);
        }
    }
}
