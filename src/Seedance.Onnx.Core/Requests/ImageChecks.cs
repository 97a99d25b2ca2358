using System.Collections.Immutable;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Requests;

/// <summary>The rules for images in requests, and where they go.</summary>
internal static class ImageChecks
{
    /// <summary>What is wrong whatever the video's length.</summary>
    public static void Check(VideoRequest request, PackContract contract, List<string> problems)
    {
        if (request.LastFrame is not null && request.FirstFrame is null && (request.Shots.IsEmpty || request.Shots[0]?.FirstFrame is null))
        {
            problems.Add("FirstFrame must be given with LastFrame, but is missing. Give both, or the first alone.");
        }

        if (request.FirstFrame is not null && !request.Shots.IsEmpty && request.Shots[0]?.FirstFrame is not null)
        {
            problems.Add("FirstFrame must be given once, but both the request and its first shot have one. Leave one out.");
        }

        if (!request.References.IsEmpty)
        {
            problems.Add($"References must be left out with pack '{contract.Name}', whose transformer takes given frames only, but are {request.References.Length}. Give a first frame instead.");
        }

        string? lacking = contract.FindGraph(GraphRoles.VaeEncoder) is null ? "no graph 'vae_encoder'"
            : contract.TransformerChannels.Count(ChannelKind.Condition) == 0 ? "no condition channels"
            : contract.TransformerChannels.Count(ChannelKind.Mask) > 1 ? "a mask of single frames, which nothing here makes yet"
            : contract.TransformerChannels.Groups.Any(group => group.Absent != AbsentFrames.Zeros) ? "grey frames where none are given, which nothing here makes yet"
            : null;
        if (lacking is not null && request.Images.Except(request.References).Any())
        {
            problems.Add($"Images must be left out with pack '{contract.Name}', which has {lacking}, but some are there. Use a pack that takes images.");
        }

        if (request.ImageGuidance is not null && !request.Images.Any())
        {
            problems.Add("ImageGuidance must be left out without images, but is there. Give a first frame, or leave it out.");
        }
    }

    /// <summary>Which latent frame each image is given for.</summary>
    public static ImmutableArray<PlannedCondition> Place(VideoRequest request, ImmutableArray<PlannedShot> shots, int latentFrames, List<string> problems)
    {
        List<PlannedCondition> conditions = [];
        if (request.FirstFrame is { } first)
        {
            conditions.Add(new PlannedCondition(ConditionKind.FirstFrame, first, 0));
        }

        for (int i = 0; i < shots.Length && !request.Shots.IsEmpty; i++)
        {
            if (request.Shots[i].FirstFrame is { } image)
            {
                conditions.Add(new PlannedCondition(i == 0 ? ConditionKind.FirstFrame : ConditionKind.ShotFrame, image, shots[i].FirstLatentFrame));
            }
        }

        if (request.LastFrame is { } last)
        {
            if (conditions.Any(condition => condition.LatentFrame == latentFrames - 1))
            {
                problems.Add("LastFrame must have a latent frame of its own, but another image is given for the last one. Ask for a longer video, or leave one image out.");
            }

            conditions.Add(new PlannedCondition(ConditionKind.LastFrame, last, latentFrames - 1));
        }

        return [.. conditions];
    }
}
