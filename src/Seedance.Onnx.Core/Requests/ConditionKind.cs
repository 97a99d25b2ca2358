namespace Seedance.Onnx.Requests;

/// <summary>What an image is to a video.</summary>
public enum ConditionKind
{
    /// <summary>The video begins with it.</summary>
    FirstFrame,

    /// <summary>The video ends with it.</summary>
    LastFrame,

    /// <summary>A shot behind the first begins with it.</summary>
    ShotFrame,

    /// <summary>A window goes on from it: the last frame of the window before, or of the input video.</summary>
    Continuation,
}
