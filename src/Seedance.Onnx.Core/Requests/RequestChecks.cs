using System.Text;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Requests;

/// <summary>The rules for requests, each with its value in the text, all checked at once.</summary>
internal static class RequestChecks
{
    /// <summary>No token of the tokenizers in use stands for more characters; a longer text cannot fit, whatever it says.</summary>
    private const int MostCharactersPerToken = 16;

    public static IReadOnlyList<string> FindProblems(VideoRequest request, PackContract contract)
    {
        List<string> problems = [];
        if (string.IsNullOrWhiteSpace(request.Prompt))
        {
            problems.Add("Prompt must say what the video shows, but is empty. Describe it in a sentence.");
        }

        CheckText("Prompt", request.Prompt, contract, problems);
        CheckText("NegativePrompt", request.NegativePrompt, contract, problems);
        CheckSize(request, contract, problems);
        CheckLength(request, contract, problems);
        CheckSampling(request, problems);
        return problems;
    }

    private static void CheckText(string name, string? text, PackContract contract, List<string> problems)
    {
        int most = MostCharactersPerToken * contract.MaxTokens;
        int length = text?.Trim().Length ?? 0;
        if (length > most)
        {
            problems.Add($"{name} must be at most {contract.MaxTokens} tokens (never more than {most} characters), but has {length} characters. Shorten it.");
        }

        if (text is not null && !IsUnicode(text))
        {
            problems.Add($"{name} must be valid Unicode text, but has half of a surrogate pair. Remove the broken character.");
        }
    }

    private static bool IsUnicode(string text)
    {
        for (ReadOnlySpan<char> rest = text; !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf16(rest, out _, out int used) != System.Buffers.OperationStatus.Done)
            {
                return false;
            }

            rest = rest[used..];
        }

        return true;
    }

    private static void CheckSize(VideoRequest request, PackContract contract, List<string> problems)
    {
        if (request.Ratio is { } ratio)
        {
            if (request.Width is not null || request.Height is not null)
            {
                problems.Add("Ratio must be left out when Width and Height are given, but both are there. Give one or the other.");
            }

            if (ratio.Width < 1 || ratio.Height < 1)
            {
                problems.Add($"Ratio must have two parts above 0, but is {ratio}. Write it as 16:9.");
            }
        }

        if (request.Width is null != request.Height is null)
        {
            problems.Add("Width and Height must be given together, but only one is there. Give both, or a ratio.");
        }

        int multiple = contract.Video.SizeMultiple;
        foreach ((string name, int? given) in new[] { ("Width", request.Width), ("Height", request.Height) })
        {
            if (given is { } side && (side < 1 || side > VideoRequest.MaxSide || side % multiple != 0))
            {
                int nearest = new VideoSize(Math.Min(side, VideoRequest.MaxSide / multiple * multiple), 1).NearestMultiple(multiple).Width;
                problems.Add($"{name} must be a multiple of {multiple} pixels up to {VideoRequest.MaxSide}, but is {side}. The nearest is {nearest}; "
                    + $"this pack was made for {string.Join(", ", contract.Video.Sizes)}.");
            }
        }
    }

    private static void CheckLength(VideoRequest request, PackContract contract, List<string> problems)
    {
        VideoContract video = contract.Video;
        if (request.Frames is not null && request.Duration is not null)
        {
            problems.Add("Duration must be left out when Frames is given, but both are there. Give one or the other.");
        }

        if (request.Frames is { } frames && (!contract.Latents.IsValidFrames(frames) || frames > video.MaxFrames))
        {
            problems.Add($"Frames must be {contract.Latents.FramesRule}, up to {video.MaxFrames}, but is {frames}. "
                + $"The nearest is {contract.Latents.NearestFrames(frames, video.MaxFrames)}.");
        }

        double longest = (double)video.MaxFrames / video.Fps;
        if (request.Duration is { TotalSeconds: var seconds } && !(seconds > 0 && seconds <= longest))
        {
            problems.Add($"Duration must be above 0 and up to {longest:0.###} seconds ({video.MaxFrames} frames at {video.Fps} a second), but is {seconds:0.###}.");
        }
    }

    private static void CheckSampling(VideoRequest request, List<string> problems)
    {
        if (request.Steps is < 1 or > VideoRequest.MaxSteps)
        {
            problems.Add($"Steps must be from 1 to {VideoRequest.MaxSteps}, but is {request.Steps}.");
        }

        if (request.Guidance is { } guidance && !(guidance is >= 0 and <= 100))
        {
            problems.Add($"Guidance must be from 0 to 100, but is {guidance}.");
        }

        if (request.Shift is { } shift && !(shift is > 0 and <= 1000))
        {
            problems.Add($"Shift must be above 0 and up to 1000, but is {shift}.");
        }

        if (request.Solver is { } solver && !Enum.IsDefined(solver))
        {
            problems.Add($"Solver must be one of {string.Join(", ", SolverNames.All)}, but is {(int)solver}.");
        }
    }
}
