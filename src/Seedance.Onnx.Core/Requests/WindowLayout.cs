using System.Collections.Immutable;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Requests;

/// <summary>Divides a video into windows that are as equal as latent frames allow. They do not follow the shots: a window shows those that lie in it, and that of the frame that it goes on from.</summary>
internal static class WindowLayout
{
    /// <summary>Divides a video.</summary>
    /// <param name="frames">Its frames; the first is given where it goes on from another.</param>
    /// <param name="goesOn">Whether it does.</param>
    /// <param name="shots">Its shots.</param>
    /// <param name="conditions">Its images.</param>
    /// <param name="contract">The pack.</param>
    /// <param name="problems">Where it goes that a window has more shots or images than the transformer takes.</param>
    public static ImmutableArray<PlannedWindow> Divide(
        int frames, bool goesOn, ImmutableArray<PlannedShot> shots, ImmutableArray<PlannedCondition> conditions, PackContract contract, List<string> problems)
    {
        LatentGeometry geometry = contract.Latents;
        int latentFrames = geometry.LatentFrames(frames), given = goesOn ? 1 : 0;
        if (frames <= contract.Video.MaxFrames || contract.Video.WindowFrames is not { } most)
        {
            PlannedWindow clip = new(0, frames, 0, latentFrames, given, 0, shots.Length);
            Check(clip, conditions, contract, problems);
            return [clip];
        }

        // Behind the first frame, all latent frames hold as many frames, and a window goes from the end of one to the end of another.
        int groups = latentFrames - 1, mostGroups = geometry.LatentFrames(most) - 1, count = (groups + mostGroups - 1) / mostGroups;
        PlannedWindow[] windows = new PlannedWindow[count];
        for (int i = 0; i < count; i++)
        {
            int begin = (int)((long)groups * i / count), end = (int)((long)groups * (i + 1) / count);
            int[] shown = [.. Enumerable.Range(0, shots.Length).Where(shot => shots[shot].FirstLatentFrame <= end && shots[shot].FirstLatentFrame + shots[shot].LatentFrames > begin)];
            windows[i] = new PlannedWindow(geometry.Frames(begin + 1) - 1, geometry.Frames(end - begin + 1), begin, end - begin + 1, i == 0 ? given : 1, shown[0], shown.Length);
            Check(windows[i], conditions, contract, problems);
        }

        return [.. windows];
    }

    private static void Check(PlannedWindow window, ImmutableArray<PlannedCondition> conditions, PackContract contract, List<string> problems)
    {
        string where = $"in frames {window.FirstFrame} to {window.FirstFrame + window.Frames - 1}, which are made at once";
        if (window.Shots > contract.MaxShots)
        {
            problems.Add($"Shots must be at most {contract.MaxShots} {where}, but are {window.Shots}. Make them longer.");
        }

        int images = window.GivenFrames + conditions.Count(condition => window.Adds(condition.Frame));
        if (images < contract.MinImages || images > contract.MaxImages)
        {
            problems.Add($"Images must be {contract.MinImages} to {contract.MaxImages} {where}, the frame that they go on from included, but are {images}. Give others, or ask for at most {contract.Video.MaxFrames} frames.");
        }
    }
}
