namespace Seedance.Onnx.Forecasts;

/// <summary>What of a model fits into a device's memory.</summary>
public enum ForecastFit
{
    /// <summary>The weights of all stages, and what the largest stage needs besides.</summary>
    All,

    /// <summary>Each stage for itself, if the weights of the others lie elsewhere meanwhile.</summary>
    StageByStage,

    /// <summary>Not even the largest stage, decoded in the smallest tiles.</summary>
    Nothing,
}
