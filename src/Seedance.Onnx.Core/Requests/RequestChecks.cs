using System.Collections.Immutable;
using System.Text;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Prompts;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Requests;

/// <summary>The rules for requests, each with its value in the text, all checked at once.</summary>
internal static class RequestChecks
{
    /// <summary>No token of the tokenizers in use stands for more characters; a longer text cannot fit, whatever it says.</summary>
    private const int MostCharactersPerToken = 16;

    /// <summary>The most characters that a text can have.</summary>
    public static int MostCharacters(PackContract contract) => MostCharactersPerToken * contract.MaxTokens;

    public static void Check(VideoRequest request, ImmutableArray<ShotRequest> shots, PackContract contract, List<string> problems)
    {
        bool told = !request.Shots.IsEmpty;
        if (!told && string.IsNullOrWhiteSpace(request.Prompt))
        {
            problems.Add("Prompt must say what the video shows, but is empty. Describe it in a sentence.");
        }

        // Windows read no more than the captions of their own shots; semantic tokens are made of all of them at once.
        bool apart = ReadsShotsApart(request, contract);
        string text = !apart ? string.Concat(shots.Select(shot => shot.Caption)) : shots.Select(shot => shot.Caption).MaxBy(caption => caption.Length) ?? "";
        CheckText(!told ? "Prompt" : !apart ? "Text of all shots" : "Caption of a shot", told ? text : request.Prompt, contract, problems);
        CheckText("NegativePrompt", request.NegativePrompt, contract, problems);
        CheckShots(request, shots, contract, problems);
        CheckSize(request, contract, problems);
        CheckLength(request, contract, problems);
        CheckSampling(request, problems);
        CheckSavings(request, contract, problems);
    }

    /// <summary>Whether no transformer reads the captions of more shots than a window has.</summary>
    private static bool ReadsShotsApart(VideoRequest request, PackContract contract) =>
        contract.Video.WindowFrames is not null && (!contract.Sampled(request.Undistilled).FollowsSemantics || request.SemanticsOf is not null);

    private static void CheckShots(VideoRequest request, ImmutableArray<ShotRequest> shots, PackContract contract, List<string> problems)
    {
        if (shots.Length > contract.MaxShots && (!ReadsShotsApart(request, contract) || contract.MaxShots == 1))
        {
            problems.Add($"Shots must be at most {contract.MaxShots} with pack '{contract.Name}', but are {shots.Length}. {(contract.MaxShots == 1 ? "Use a pack that takes shots, or make a video of each." : "Make two videos.")}");
        }

        foreach ((int index, ShotRequest? shot) in request.Shots.Index())
        {
            if (string.IsNullOrWhiteSpace(shot?.Caption))
            {
                problems.Add($"Shots[{index}].Caption must say what the shot shows, but is empty. Describe it in a sentence.");
            }

            if (shot?.Duration is { } duration && duration <= TimeSpan.Zero)
            {
                problems.Add($"Shots[{index}].Duration must be above 0 seconds, but is {duration.TotalSeconds:0.###}.");
            }
        }

        foreach (CameraMove? move in request.Shots.Select(shot => shot?.Camera).Prepend(request.Camera).Distinct())
        {
            if (move is { } camera && !Enum.IsDefined(camera))
            {
                problems.Add($"Camera must be one of {string.Join(", ", CameraNames.All)}, but is {(int)camera}.");
            }
        }

        double longest = (double)contract.Video.LongestFrames / contract.Video.Fps;
        if (request is { Frames: null, Duration: null } && RequestReading.SecondsOf(shots) is { } seconds && seconds > longest + ((double)contract.Latents.TemporalStride / contract.Video.Fps))
        {
            problems.Add($"Shots must last up to {longest:0.###} seconds together ({contract.Video.LongestFrames} frames at {contract.Video.Fps} a second), but last {seconds:0.###}. Shorten them.");
        }
    }

    private static void CheckText(string name, string? text, PackContract contract, List<string> problems)
    {
        int most = MostCharacters(contract);
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

        CheckCascade(request, contract, problems);
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

    private static void CheckCascade(VideoRequest request, PackContract contract, List<string> problems)
    {
        if (request.Resolution is { } name)
        {
            if (request.Width is not null || request.Height is not null || request.Upscale is not null)
            {
                problems.Add("Resolution must be left out when Width, Height or Upscale is given, but both are there. Give one or the other.");
            }

            if (NamedResolution.Find(name, contract) is null)
            {
                problems.Add($"Resolution must be one that pack '{contract.Name}' can make, but is {name}. {NamedResolution.Others(contract)}");
            }
        }

        if (request.Upscale is not { } times || times == 1)
        {
            return;
        }

        if (contract.Cascade is not { } cascade)
        {
            problems.Add($"Upscale must be 1 with pack '{contract.Name}', which states no cascade, but is {times}. Leave it out, or take a pack with an upscaler.");
        }
        else if (cascade.PassesTo(times) is null)
        {
            problems.Add($"Upscale must be 1, {cascade.Scale}, or {cascade.Scale * cascade.Scale} in two passes, with pack '{contract.Name}', but is {times}.");
        }
        else if (request is { Width: { } width, Height: { } height } && (long)Math.Max(width, height) * times > VideoRequest.MaxSide)
        {
            problems.Add($"Sides must be up to {VideoRequest.MaxSide} pixels, but are {(long)width * times} and {(long)height * times} after upscaling. Ask for less.");
        }
    }

    private static void CheckLength(VideoRequest request, PackContract contract, List<string> problems)
    {
        VideoContract video = contract.Video;
        if (request.Frames is not null && request.Duration is not null)
        {
            problems.Add("Duration must be left out when Frames is given, but both are there. Give one or the other.");
        }

        if (request.Frames is { } frames && (!contract.Latents.IsValidFrames(frames) || frames > video.LongestFrames))
        {
            problems.Add($"Frames must be {contract.Latents.FramesRule}, up to {video.LongestFrames}, but is {frames}. "
                + $"The nearest is {contract.Latents.NearestFrames(frames, video.LongestFrames)}.");
        }

        double longest = (double)video.LongestFrames / video.Fps;
        if (request.Duration is { TotalSeconds: var seconds } && !(seconds > 0 && seconds <= longest))
        {
            problems.Add($"Duration must be above 0 and up to {longest:0.###} seconds ({video.LongestFrames} frames at {video.Fps} a second), but is {seconds:0.###}.");
        }
    }

    private static void CheckSavings(VideoRequest request, PackContract contract, List<string> problems)
    {
        if (request.StepCache is { } share && !(share is > 0 and <= 1))
        {
            problems.Add($"StepCache must be above 0 and up to 1, but is {share}.");
        }

        SamplingDefaults sampling = contract.Sampled(request.Undistilled).Sampling;
        bool isLcm = (request.Solver ?? sampling.Solver) == SolverKind.Lcm;
        if (request.StepCache is not null && isLcm)
        {
            problems.Add($"StepCache must be left out with solver {SolverKind.Lcm.ToName()}, whose every step begins with fresh noise. Leave it out, or take another solver.");
        }

        if (request.AdaptiveSteps is { } turn && !(turn is > 0 and <= 1))
        {
            problems.Add($"AdaptiveSteps must be above 0 and up to 1, but is {turn}.");
        }

        if (request.AdaptiveSteps is not null && sampling.Transformer == GraphRoles.DistilledTransformer)
        {
            problems.Add($"AdaptiveSteps must be left out with graph '{GraphRoles.DistilledTransformer}' of pack '{contract.Name}', which was distilled to {sampling.Steps} steps. Leave it out, or ask for Undistilled.");
        }
        else if (request.AdaptiveSteps is not null && isLcm)
        {
            problems.Add($"AdaptiveSteps must be left out with solver {SolverKind.Lcm.ToName()}, whose every step begins with fresh noise. Leave it out, or take another solver.");
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

        if (request.ImageGuidance is { } images && !(images is >= 0 and <= 100))
        {
            problems.Add($"ImageGuidance must be from 0 to 100, but is {images}.");
        }

        if (request.GuidanceInterval is { IsValid: false } interval)
        {
            problems.Add($"GuidanceInterval must be two noise levels from 0 to 1, the lower first, but is {interval}.");
        }

        if (request.GuidanceRescale is { } rescale && !(rescale is >= 0 and <= 1))
        {
            problems.Add($"GuidanceRescale must be from 0 to 1, but is {rescale}.");
        }

        if (request.SolverOrder is < 1 or > 3)
        {
            problems.Add($"SolverOrder must be from 1 to 3, but is {request.SolverOrder}.");
        }

        if (request.NoiseScale is { } scale && !(scale is > 0 and <= VideoRequest.MostNoiseScale))
        {
            problems.Add($"NoiseScale must be above 0 and up to {VideoRequest.MostNoiseScale}, but is {scale}.");
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
