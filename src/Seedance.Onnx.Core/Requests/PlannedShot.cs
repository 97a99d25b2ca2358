namespace Seedance.Onnx.Requests;

/// <summary>A shot of a plan: what it shows, and where it stands in the video. Shots follow one another without a gap.</summary>
/// <param name="Caption">What the text encoder is given for it, camera included.</param>
/// <param name="FirstFrame">Its first frame, from 0: where the cut is.</param>
/// <param name="Frames">Its length in frames, at least 1.</param>
/// <param name="FirstLatentFrame">Its first latent frame, from 0.</param>
/// <param name="LatentFrames">Its length in latent frames, at least 1.</param>
public sealed record PlannedShot(string Caption, int FirstFrame, int Frames, int FirstLatentFrame, int LatentFrames)
{
    /// <summary>The part of it that lies in a window, in the window's own frames.</summary>
    internal PlannedShot Inside(PlannedWindow window)
    {
        int begin = Math.Max(FirstFrame - window.FirstFrame, 0), latentBegin = Math.Max(FirstLatentFrame - window.FirstLatentFrame, 0);
        int end = Math.Min(FirstFrame + Frames - window.FirstFrame, window.Frames), latentEnd = Math.Min(FirstLatentFrame + LatentFrames - window.FirstLatentFrame, window.LatentFrames);
        return new PlannedShot(Caption, begin, end - begin, latentBegin, latentEnd - latentBegin);
    }
}
