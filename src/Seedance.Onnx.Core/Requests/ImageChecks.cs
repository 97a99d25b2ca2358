using System.Collections.Immutable;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Requests;

/// <summary>The rules for images in requests, and where they go.</summary>
internal static class ImageChecks
{
    /// <summary>What is wrong whatever the video's length.</summary>
    public static void Check(VideoRequest request, PackContract contract, List<string> problems)
    {
        if (request.LastFrame is not null && request.FirstFrame is null && request.InputVideo is null && (request.Shots.IsEmpty || request.Shots[0]?.FirstFrame is null))
        {
            problems.Add("FirstFrame must be given with LastFrame, but is missing. Give both, or the first alone.");
        }

        if (request.FirstFrame is not null && !request.Shots.IsEmpty && request.Shots[0]?.FirstFrame is not null)
        {
            problems.Add("FirstFrame must be given once, but both the request and its first shot have one. Leave one out.");
        }

        CheckVideo(request, contract, problems);
        CheckSemantics(request, contract, problems);
        if (!request.References.IsEmpty)
        {
            problems.Add($"References must be left out with pack '{contract.Name}', whose transformer takes given frames only, but are {request.References.Length}. Give a first frame instead.");
        }

        CheckNumber(request.Images.Count() - request.References.Length, request.InputVideo is not null, contract, problems);
        if (request.ImageGuidance is not null && contract.MinImages > 0)
        {
            problems.Add($"ImageGuidance must be left out with pack '{contract.Name}', whose transformer never goes without images, but is there. Leave it out.");
        }
        else if (request.ImageGuidance is not null && !request.Images.Any() && request.InputVideo is null)
        {
            problems.Add("ImageGuidance must be left out without images, but is there. Give a first frame, or leave it out.");
        }
    }

    /// <summary>Which frame of the clip each image is, in the order of the frames.</summary>
    public static ImmutableArray<PlannedCondition> Place(VideoRequest request, ImmutableArray<PlannedShot> shots, int frames, PackContract contract, List<string> problems)
    {
        LatentGeometry latents = contract.Latents;
        List<PlannedCondition> conditions = [];
        if (request.FirstFrame is { } first)
        {
            Add(ConditionKind.FirstFrame, first, 0);
        }

        for (int i = 0; i < shots.Length && !request.Shots.IsEmpty; i++)
        {
            if (request.Shots[i].FirstFrame is { } image)
            {
                // An image that is encoded alone is its latent frame's last.
                int begin = contract.TransformerChannels.Absent == AbsentFrames.Grey ? shots[i].FirstFrame : latents.FrameAt(shots[i].FirstLatentFrame, latents.TemporalStride - 1);
                Add(i == 0 ? ConditionKind.FirstFrame : ConditionKind.ShotFrame, image, i == 0 ? 0 : begin);
            }
        }

        if (request.LastFrame is { } last)
        {
            if (conditions.Any(condition => condition.LatentFrame == latents.LatentFrameOf(frames - 1)))
            {
                problems.Add("LastFrame must have a latent frame of its own, but another image is given for the last one. Ask for a longer video, or leave one image out.");
            }

            Add(ConditionKind.LastFrame, last, frames - 1);
        }

        return [.. conditions];

        void Add(ConditionKind kind, ImageSource image, int frame) => conditions.Add(new PlannedCondition(kind, image, frame, latents.LatentFrameOf(frame)));
    }

    /// <summary>A video that goes on from another has its first frame from there.</summary>
    private static void CheckVideo(VideoRequest request, PackContract contract, List<string> problems)
    {
        if (request.InputVideo is null)
        {
            if (request.OnlyNew)
            {
                problems.Add("OnlyNew must be left out without InputVideo, but is there. Give a video to go on from, or leave it out.");
            }

            return;
        }

        if (contract.WhyNotOn is { } reason)
        {
            problems.Add($"InputVideo must be left out with pack '{contract.Name}', which {reason}, but is there. Use a pack that takes a first frame.");
        }

        if (request.FirstFrame is not null || (!request.Shots.IsEmpty && request.Shots[0]?.FirstFrame is not null))
        {
            problems.Add("FirstFrame must be left out with InputVideo, whose last frame it is, but is there. Leave one out.");
        }

        if (request.Frames == 1)
        {
            problems.Add($"Frames must be at least {contract.Latents.Frames(2)} with InputVideo, because the first is the frame to go on from, but is 1.");
        }
    }

    /// <summary>A video gives semantics only to a transformer that follows them.</summary>
    private static void CheckSemantics(VideoRequest request, PackContract contract, List<string> problems)
    {
        if (request.SemanticsOf is null)
        {
            return;
        }

        if (contract.FindGraph(GraphRoles.SemanticEncoder) is null)
        {
            problems.Add($"SemanticsOf must be left out with pack '{contract.Name}', which has no graph '{GraphRoles.SemanticEncoder}', but is there. Use a pack that has one.");
        }
        else if (!contract.Sampled(request.Undistilled).FollowsSemantics)
        {
            problems.Add($"SemanticsOf must be left out with the distilled transformer of pack '{contract.Name}', which follows no semantic tokens, but is there. Ask for the one that it was made from.");
        }

        if (request.InputVideo is not null)
        {
            problems.Add("SemanticsOf must be left out with InputVideo, but both are there. Go on from a video, or make one anew.");
        }
    }

    private static void CheckNumber(int images, bool goesOn, PackContract contract, List<string> problems)
    {
        string? lacking = contract.FindGraph(GraphRoles.VaeEncoder) is null ? "no graph 'vae_encoder'" : contract.TransformerChannels.Count(ChannelKind.Condition) == 0 ? "no condition channels" : null;
        // Of several windows, each has its own images, which are counted when they are laid out.
        (int least, int most) = (contract.MinImages, contract.Video.WindowFrames is null ? contract.MaxImages : PackContract.MostImages);
        int given = images + (goesOn ? 1 : 0);
        string number = least == most ? $"{least}" : given < least ? $"at least {least}" : $"at most {most}";
        if (images > 0 && lacking is not null)
        {
            problems.Add($"Images must be left out with pack '{contract.Name}', which has {lacking}, but some are there. Use a pack that takes images.");
        }
        else if (given < least)
        {
            problems.Add($"Images must be {number} with pack '{contract.Name}', but are {given}. Give {(least == 1 ? "a first frame" : "a first and a last frame")}.");
        }
        else if (given > most)
        {
            problems.Add($"Images must be {number} with pack '{contract.Name}', but are {given}. Give {(most == 1 ? "the first frame alone" : "fewer")}.");
        }
    }
}
