using System.Collections.Immutable;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Requests;

/// <summary>Divides the latent frames of a video among its shots: cuts fall where latent frames begin, and nowhere else can the transformer make one.</summary>
internal static class ShotLayout
{
    /// <summary>Divides a video.</summary>
    /// <param name="shots">The shots, at least one. Those without a length share what is left.</param>
    /// <param name="latentFrames">f of the whole video.</param>
    /// <param name="contract">The pack.</param>
    /// <param name="problems">Where it goes that they do not fit.</param>
    /// <returns>The shots with their places; none if there was a problem.</returns>
    public static ImmutableArray<PlannedShot> Divide(ImmutableArray<ShotRequest> shots, int latentFrames, PackContract contract, List<string> problems)
    {
        LatentGeometry geometry = contract.Latents;
        double fps = contract.Video.Fps, seconds = geometry.Frames(latentFrames) / fps, told = shots.Sum(shot => shot.Duration?.TotalSeconds ?? 0);
        int open = shots.Count(shot => shot.Duration is null);
        double tolerance = geometry.TemporalStride / fps;
        if (shots.Length > latentFrames)
        {
            problems.Add($"Shots must be at most {latentFrames} in {geometry.Frames(latentFrames)} frames, because every cut begins a latent frame, but are {shots.Length}. Ask for a longer video or fewer shots.");
            return [];
        }

        if (told > seconds + tolerance || (open == 0 && shots.Length > 1 && told < seconds - tolerance))
        {
            problems.Add($"Shots must last as long as the video, {seconds:0.###} seconds, but last {told:0.###}{(open > 0 ? ", and some have no length yet" : "")}. Change their seconds, or leave the video's length out.");
            return [];
        }

        double each = open > 0 ? Math.Max(seconds - told, 0) / open : 0, ends = 0;
        int[] cuts = new int[shots.Length + 1];
        for (int i = 0; i < shots.Length; i++)
        {
            ends += shots[i].Duration?.TotalSeconds ?? each;
            // The latent frame that begins nearest to the wish; every shot keeps at least one, this one and those behind it.
            double nearest = (ends * fps / geometry.TemporalStride) + (geometry.CausalFirstFrame ? 1 - (1.0 / geometry.TemporalStride) : 0);
            cuts[i + 1] = i == shots.Length - 1 ? latentFrames : Math.Clamp((int)Math.Round(nearest, MidpointRounding.AwayFromZero), cuts[i] + 1, latentFrames - (shots.Length - 1 - i));
        }

        return [.. shots.Select((shot, i) =>
        {
            int begin = cuts[i] == 0 ? 0 : geometry.Frames(cuts[i]);
            return new PlannedShot(shot.Caption, begin, geometry.Frames(cuts[i + 1]) - begin, cuts[i], cuts[i + 1] - cuts[i]);
        })];
    }
}
