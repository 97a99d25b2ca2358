namespace Seedance.Onnx.Prompts;

/// <summary>What the camera does in a shot. It is put in words behind the caption, in the caption's language.</summary>
public enum CameraMove
{
    /// <summary>"fixed": it stands still.</summary>
    Fixed,

    /// <summary>"pan-left": it turns to the left.</summary>
    PanLeft,

    /// <summary>"pan-right": it turns to the right.</summary>
    PanRight,

    /// <summary>"zoom-in": it comes nearer.</summary>
    ZoomIn,

    /// <summary>"zoom-out": it goes away.</summary>
    ZoomOut,
}
