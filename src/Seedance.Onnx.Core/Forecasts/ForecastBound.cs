namespace Seedance.Onnx.Forecasts;

/// <summary>What a stage waits for most.</summary>
public enum ForecastBound
{
    /// <summary>Products: more operations a second would help.</summary>
    Compute,

    /// <summary>The device's memory: more bytes a second would help.</summary>
    Bandwidth,

    /// <summary>Being told what to do: fewer, larger operators would help.</summary>
    Launches,

    /// <summary>The processor beside the device.</summary>
    Host,
}
