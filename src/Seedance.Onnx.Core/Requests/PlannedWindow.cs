namespace Seedance.Onnx.Requests;

/// <summary>A part of a video that the transformer makes at once, as a clip of its own. Windows follow one another; each but the first begins with the last frame of the one before. Immutable.</summary>
/// <param name="FirstFrame">Its first frame in the video, from 0.</param>
/// <param name="Frames">Its length in frames, one that the pack can make.</param>
/// <param name="FirstLatentFrame">The latent frame of the video that its first frame belongs to, from 0.</param>
/// <param name="LatentFrames">f: its length in latent frames.</param>
/// <param name="GivenFrames">How many of its first frames were there before it, and are given to the transformer: 1 behind another window or an input video, 0 where a video begins.</param>
/// <param name="FirstShot">The first shot that it shows; the given frame counts.</param>
/// <param name="Shots">How many shots it shows, at least 1.</param>
public sealed record PlannedWindow(int FirstFrame, int Frames, int FirstLatentFrame, int LatentFrames, int GivenFrames, int FirstShot, int Shots)
{
    /// <summary>Frames that it adds to the video.</summary>
    public int NewFrames => Frames - GivenFrames;

    /// <summary>Whether it adds a frame.</summary>
    /// <param name="frame">The frame of the video, from 0.</param>
    public bool Adds(int frame) => frame >= FirstFrame + GivenFrames && frame < FirstFrame + Frames;
}
